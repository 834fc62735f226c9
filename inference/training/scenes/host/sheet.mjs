/** A contact sheet of stills with their boxes drawn in, for people to look at. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPage } from "./browser.mjs";

const COLOURS = ["lime", "cyan", "magenta", "yellow", "orange", "red", "white"];

export async function renderSheet({ out, count, seed, start, width, height, columns }) {
  const folder = mkdtempSync(join(tmpdir(), "sheet-"));
  const receive = (_path, { number, labels }, jpeg) => {
    const name = join(folder, String(number - start).padStart(4, "0"));
    writeFileSync(`${name}.jpg`, jpeg);
    const boxes = labels.map(
      ({ cls, box }) =>
        `drawbox=x=${box.left}:y=${box.top}:w=${box.width}:h=${box.height}:color=${COLOURS[cls] ?? "gray"}:t=1`,
    );
    execFileSync("ffmpeg", ["-v", "error", "-y", "-i", `${name}.jpg`, "-vf", boxes.join(",") || "null", `${name}.png`]);
  };
  const { page, close } = await openPage(receive);
  try {
    await page.evaluate((job) => window.scenes.stills(job), { seed, from: start, to: start + count, width, height });
  } finally {
    await close();
  }
  const rows = Math.ceil(count / columns);
  execFileSync("ffmpeg", [
    "-v",
    "error",
    "-y",
    "-i",
    join(folder, "%04d.png"),
    "-vf",
    `tile=${columns}x${rows}`,
    "-frames:v",
    "1",
    out,
  ]);
  rmSync(folder, { recursive: true });
}
