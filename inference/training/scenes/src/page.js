/** Entry in the browser: what the host calls through `window.scenes`. */
import { renderLoop } from "./footage.js";
import { LOOPS } from "./loops/index.js";
import { Stage } from "./stage.js";
import { stillPictures } from "./stills.js";

async function post(path, meta, body) {
  const answer = await fetch(path, { method: "POST", headers: { "x-meta": JSON.stringify(meta) }, body });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

window.scenes = {
  /** Name to `{codec, crf}`. */
  loops: Object.fromEntries(Object.entries(LOOPS).map(([name, { codec, crf }]) => [name, { codec, crf }])),

  /** Renders pictures `from` to `to` (exclusive) of the set `seed` and posts each to the host. */
  async stills({ seed, from, to, width, height }) {
    const stage = new Stage(width, height);
    for await (const { number, labels, place, jpeg } of stillPictures(stage, seed, from, to)) {
      await post("/still", { number, labels, place }, jpeg);
    }
  },

  /** Renders a loop and posts its frames, as JPEG for previews, else as planar 4:2:0. */
  async footage({ name, width, height, every, isPreview }) {
    const stage = new Stage(width, height, { shadowSize: 2048 });
    return renderLoop(stage, name, every, async (frame, labels) => {
      await post("/frame", { frame, labels }, isPreview ? await stage.jpeg(0.9) : stage.yuv420());
    });
  },
};
window.scenesReady = true;
