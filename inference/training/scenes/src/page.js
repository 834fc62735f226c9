/** Entry in the browser: what the host calls through `window.scenes`. */
import { FOOTAGE, renderLoop } from "./footage.js";
import { Stage } from "./stage.js";
import { stillPictures } from "./stills.js";

async function post(path, meta, body) {
  const answer = await fetch(path, { method: "POST", headers: { "x-meta": JSON.stringify(meta) }, body });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

window.scenes = {
  /** Name to `{codec, crf, isClip}`. */
  footages: Object.fromEntries(Object.entries(FOOTAGE).map(([name, { build, ...file }]) => [name, file])),

  /** Renders pictures `from` to `to` (exclusive) of the set `seed` and posts each to the host. */
  async stills({ seed, from, to, width, height }) {
    const stage = new Stage(width, height);
    for await (const { number, labels, place, jpeg } of stillPictures(stage, seed, from, to)) {
      await post("/still", { number, labels, place }, jpeg);
    }
  },

  /** Renders a loop or clip and posts its frames; `picture`: `jpeg` for previews, `yuv` (planar 4:2:0), or `none`. */
  async footage({ name, width, height, every, picture }) {
    const stage = new Stage(width, height, { shadowSize: 2048 });
    const bytes = { jpeg: () => stage.jpeg(0.9), yuv: () => stage.yuv420(), none: () => new Uint8Array() }[picture];
    return renderLoop(stage, name, { every, isDrawn: picture !== "none" }, async (frame, labels, facts) => {
      await post("/frame", { frame, labels, facts }, await bytes());
    });
  },
};
window.scenesReady = true;
