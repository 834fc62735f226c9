/** Training stills: pictures and labels, one file each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPage, RENDERER } from "./browser.mjs";

/** So many pictures per page; the browser's memory is given back between. */
const BATCH = 400;
/** Mesa's renderer hangs on a picture now and then (22.3 on number 345 of seed 1): who waits so long waits for ever. */
const PATIENCE_MS = 60_000;
/** Draws what hangs. */
const OTHER_RENDERER = "swiftshader";

const fileName = (number) => String(number).padStart(6, "0");

/** @param set `{out, count, seed, start, width, height}`; pictures `start` to `count` (exclusive) are made */
export async function renderStills({ out, count, seed, start, width, height }) {
  mkdirSync(join(out, "images"), { recursive: true });
  mkdirSync(join(out, "labels"), { recursive: true });
  const began = performance.now();
  let done = 0;
  let next = start;
  let lastAt = began;
  const receive = (_path, { number, labels }, jpeg) => {
    const name = fileName(number);
    writeFileSync(join(out, "labels", `${name}.txt`), labelText(labels, width, height));
    writeFileSync(join(out, "images", `${name}.jpg`), jpeg);
    next = number + 1;
    lastAt = performance.now();
    done++;
    if (done % 50 === 0) {
      const rate = done / ((performance.now() - began) / 1000);
      process.stderr.write(`${name}: ${done} of ${count - start}, ${rate.toFixed(1)} a second\n`);
    }
  };
  const draw = async (from, to, renderer) => {
    const { page, close, kill } = await openPage(receive, renderer);
    let isOver = false;
    const stalls = async () => {
      lastAt = performance.now();
      while (!isOver && performance.now() - lastAt < PATIENCE_MS) await sleep(500);
      return false;
    };
    let isWhole = false;
    try {
      const all = page.evaluate((job) => window.scenes.stills(job), { seed, from, to, width, height });
      isWhole = await Promise.race([all.then(() => true), stalls()]);
    } finally {
      isOver = true;
      await (isWhole ? close() : kill());
    }
  };
  while (next < count) {
    const first = next;
    await draw(next, Math.min(count, next + BATCH), RENDERER);
    if (next === Math.min(count, first + BATCH)) continue;
    process.stderr.write(`${fileName(next)}: hangs in the renderer ${RENDERER}, drawn by ${OTHER_RENDERER}\n`);
    const stuck = next;
    await draw(stuck, stuck + 1, OTHER_RENDERER);
    if (next === stuck) throw new Error(`picture ${stuck} of seed ${seed} hangs in both renderers`);
  }
}

/** `class cx cy w h visibility` a line, normalised; class -1 is a region to ignore. */
export function labelText(labels, width, height) {
  const lines = labels.map(({ cls, box, visibility }) => {
    const centre = [(box.left + box.width / 2) / width, (box.top + box.height / 2) / height];
    const numbers = [...centre, box.width / width, box.height / height].map((x) => x.toFixed(5));
    return `${cls} ${numbers.join(" ")} ${visibility.toFixed(2)}\n`;
  });
  return lines.join("");
}
