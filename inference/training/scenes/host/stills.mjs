/** Training stills: pictures and labels, one file each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPage } from "./browser.mjs";

/** So many pictures per page; the browser's memory is given back between. */
const BATCH = 400;

/** @param set `{out, count, seed, start, width, height}`; pictures `start` to `count` (exclusive) are made */
export async function renderStills({ out, count, seed, start, width, height }) {
  mkdirSync(join(out, "images"), { recursive: true });
  mkdirSync(join(out, "labels"), { recursive: true });
  const began = performance.now();
  let done = 0;
  const receive = (_path, { number, labels }, jpeg) => {
    const name = String(number).padStart(6, "0");
    writeFileSync(join(out, "labels", `${name}.txt`), labelText(labels, width, height));
    writeFileSync(join(out, "images", `${name}.jpg`), jpeg);
    done++;
    if (done % 50 === 0) {
      const rate = done / ((performance.now() - began) / 1000);
      process.stderr.write(`${name}: ${done} of ${count - start}, ${rate.toFixed(1)} a second\n`);
    }
  };
  for (let from = start; from < count; from += BATCH) {
    const { page, close } = await openPage(receive);
    try {
      await page.evaluate((job) => window.scenes.stills(job), {
        seed,
        from,
        to: Math.min(count, from + BATCH),
        width,
        height,
      });
    } finally {
      await close();
    }
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
