#!/usr/bin/env node
/** Renders training stills, the footage of demo and tests, and contact sheets. See README.md. */
import { parseArgs } from "node:util";
import { renderSheet } from "./host/sheet.mjs";
import { renderStills } from "./host/stills.mjs";

const USAGE = `usage:
  render.mjs stills  --out DIR --count N --seed S [--size 640x360] [--start K]
  render.mjs sheet   --out FILE.png --seed S [--count N] [--start K] [--size 640x360] [--columns 4]
  render.mjs footage --out DIR [--only NAME,NAME] [--preview [--step 10] | --truth] [--size 960x540]
  render.mjs clips   --out DIR [--only NAME,NAME] [--preview [--step 10] | --truth] [--size 640x360]`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    start: { type: "string", default: "0" },
    size: { type: "string" },
    only: { type: "string" },
    step: { type: "string", default: "10" },
    truth: { type: "boolean", default: false },
    preview: { type: "boolean", default: false },
    columns: { type: "string", default: "4" },
  },
});

const whole = (name) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number`);
  return value;
};
const size = (usual) => {
  const match = /^(\d+)x(\d+)$/.exec(values.size ?? usual);
  if (!match) throw new Error("--size takes WIDTHxHEIGHT");
  return { width: Number(match[1]), height: Number(match[2]) };
};

async function footage(kind, usual) {
  const { renderFootage } = await import("./host/footage.mjs");
  await renderFootage({
    kind,
    out: values.out,
    only: values.only?.split(","),
    isPreview: values.preview,
    isTruthOnly: values.truth,
    step: whole("step"),
    ...size(usual),
  });
}

const commands = {
  stills: () =>
    renderStills({
      out: values.out,
      count: whole("count"),
      seed: whole("seed"),
      start: whole("start"),
      ...size("640x360"),
    }),
  sheet: () =>
    renderSheet({
      out: values.out,
      count: whole("count"),
      seed: whole("seed"),
      start: whole("start"),
      columns: whole("columns"),
      ...size("640x360"),
    }),
  footage: () => footage("loops", "960x540"),
  clips: () => footage("clips", "640x360"),
};

values.count ??= "16";
const command = commands[positionals[0]];
if (!command || !values.out) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(64);
}
await command();
