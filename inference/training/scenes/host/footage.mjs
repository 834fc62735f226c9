/** The loops as files: video, ground truth, events, and the camera's part of a site file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countsOf, differences, spansOf, unclear } from "../src/events.js";
import { FPS } from "../src/loops/timing.js";
import { openPage } from "./browser.mjs";
import { cameraToml, eventsJson, groundTruth } from "./truth.mjs";

/** Keyframe every two seconds (IDR: each can be begun at), no B-frames, as surveillance cameras do. */
const CODECS = {
  h264: "-c:v libx264 -profile:v main -preset slow -g 24 -keyint_min 24 -sc_threshold 0 -bf 0",
  h265:
    "-c:v libx265 -preset medium -tag:v hvc1 " +
    "-x265-params keyint=24:min-keyint=24:scenecut=0:bframes=0:open-gop=0:log-level=error",
};
const COLOURS = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";
/** Nothing of the machine that made it gets into the file. */
const CONTAINER = "-movflags +faststart -map_metadata -1 -fflags +bitexact -flags:v +bitexact";
/** A preview draws every so manieth frame. */
const PREVIEW_STEP = 10;

/** @param job `{out, only, isPreview, width, height}`: `only` is one loop's name, or nothing for all */
export async function renderFootage({ out, only, isPreview, width, height }) {
  mkdirSync(out, { recursive: true });
  let receive = null;
  const { page, close } = await openPage((_path, meta, bytes) => receive(meta, bytes));
  try {
    const loops = await page.evaluate(() => window.scenes.loops);
    if (only && !(only in loops))
      throw new Error(`there is no loop ${only}; there are ${Object.keys(loops).join(", ")}`);
    for (const name of only ? [only] : Object.keys(loops)) {
      const began = performance.now();
      const frames = [];
      const file = join(out, `${name}.mp4`);
      const video = isPreview ? null : encoder(file, loops[name], width, height);
      receive = async ({ frame, labels }, bytes) => {
        frames.push({ frame, labels });
        if (video) await video.write(bytes);
        else writeFileSync(join(out, `${name}.${String(frame).padStart(4, "0")}.jpg`), bytes);
      };
      const loop = await page.evaluate((job) => window.scenes.footage(job), {
        name,
        width,
        height,
        isPreview,
        every: isPreview ? PREVIEW_STEP : 1,
      });
      await video?.close();
      const size = video ? `, ${statSync(file).size} bytes` : "";
      process.stderr.write(
        `${name}: ${frames.length} frames in ${((performance.now() - began) / 1000).toFixed(0)} s${size}\n`,
      );
      writeTruth(out, loop, frames, isPreview);
    }
  } finally {
    await close();
  }
}

/** ffmpeg, fed with frames as planar 4:2:0. */
function encoder(file, { codec, crf }, width, height) {
  const options =
    `-v error -y -f rawvideo -pix_fmt yuv420p ${COLOURS} -s ${width}x${height} -r ${FPS} -i - ` +
    `${CODECS[codec]} -crf ${crf} ${COLOURS} ${CONTAINER}`;
  const ffmpeg = spawn("ffmpeg", [...options.split(" "), file], { stdio: ["pipe", "inherit", "inherit"] });
  const ended = once(ffmpeg, "close");
  return {
    async write(bytes) {
      if (!ffmpeg.stdin.write(bytes)) await once(ffmpeg.stdin, "drain");
    },
    async close() {
      ffmpeg.stdin.end();
      const [code] = await ended;
      if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
    },
  };
}

/** Files beside the video; fails where the exact boxes do not say what the loop intends. */
function writeTruth(out, loop, frames, isPreview) {
  const fps = isPreview ? FPS / PREVIEW_STEP : FPS;
  const normalised = frames.map(({ labels }) =>
    labels.map(({ cls, box }) => ({
      cls,
      box: {
        left: box.left / loop.width,
        top: box.top / loop.height,
        width: box.width / loop.width,
        height: box.height / loop.height,
      },
    })),
  );
  const complaints = [];
  const events = loop.rules.flatMap((rule) => {
    const polygon = loop.zones.find((zone) => zone.id === rule.zone).polygon;
    const counts = countsOf(rule, polygon, normalised);
    const spans = spansOf(rule, counts, fps);
    const name = `${loop.name}/${rule.id}`;
    process.stderr.write(
      `${name}: counts a second ${counts.filter((_, i) => i % Math.max(1, Math.round(fps)) === 0).join(" ")}\n`,
    );
    complaints.push(
      ...differences(name, spans, rule.wanted),
      ...unclear(name, rule, counts, fps, { margin: rule.kind === "crowding" ? 2 : 0 }),
    );
    return spans.map((span) => ({ rule, span }));
  });
  if (isPreview) {
    for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
    return;
  }
  if (complaints.length) throw new Error(complaints.join("\n"));
  writeFileSync(join(out, `${loop.name}.gt.txt`), groundTruth(frames));
  writeFileSync(join(out, `${loop.name}.events.json`), eventsJson(loop, events));
  writeFileSync(join(out, `${loop.name}.camera.toml`), cameraToml(loop));
}
