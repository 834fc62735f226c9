/** Loops and clips as files: video, ground truth, events, and the camera's part of a site file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countsOf, differences, spansOf, unclear } from "../src/events.js";
import { happeningsOf } from "../src/happenings.js";
import { openPage } from "./browser.mjs";
import { cameraToml, eventsJson, groundTruth } from "./truth.mjs";

/** Keyframe every two seconds (IDR: each can be begun at), no B-frames, as surveillance cameras do. */
const CODECS = {
  h264: (gop) => `-c:v libx264 -profile:v main -preset slow -g ${gop} -keyint_min ${gop} -sc_threshold 0 -bf 0`,
  h265: (gop) =>
    "-c:v libx265 -preset medium -tag:v hvc1 " +
    `-x265-params keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=0:open-gop=0:log-level=error`,
};
const COLOURS = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";
/** Nothing of the machine that made it gets into the file. */
const CONTAINER = "-movflags +faststart -map_metadata -1 -fflags +bitexact -flags:v +bitexact";
/** Rules whose truth is how many boxes are in a zone; that of the others is what happens on the ground. */
const COUNTED = ["crowding", "intrusion", "water_edge"];

/**
 * @param job `{out, only, kind, isPreview, isTruthOnly, step, width, height}`: `kind` is `loops` or `clips`, `only` a list of
 *   names, or nothing for all of the kind; a preview draws every
 *   `step`th frame
 */
export async function renderFootage({ out, only, kind, isPreview, isTruthOnly, step, width, height }) {
  mkdirSync(out, { recursive: true });
  let receive = null;
  const { page, close } = await openPage((_path, meta, bytes) => receive(meta, bytes));
  try {
    const all = await page.evaluate(() => window.scenes.footages);
    const names = Object.keys(all).filter((name) => all[name].isClip === (kind === "clips"));
    const unknown = (only ?? []).find((name) => !names.includes(name));
    if (unknown) throw new Error(`there is no ${unknown} among ${names.join(", ")}`);
    for (const name of only ?? names) {
      const began = performance.now();
      const frames = [];
      const file = join(out, `${name}.mp4`);
      let video = null;
      receive = async ({ frame, labels, facts }, bytes) => {
        frames.push({ frame, labels, facts });
        if (isTruthOnly) return;
        if (isPreview) {
          writeFileSync(join(out, `${name}.${String(frame).padStart(4, "0")}.jpg`), bytes);
          return;
        }
        video ??= encoder(file, all[name], width, height);
        await video.write(bytes);
      };
      const loop = await page.evaluate((job) => window.scenes.footage(job), {
        name,
        width,
        height,
        picture: isTruthOnly ? "none" : isPreview ? "jpeg" : "yuv",
        every: isPreview ? step : 1,
      });
      await video?.close();
      const size = video ? `, ${statSync(file).size} bytes` : "";
      process.stderr.write(
        `${name}: ${frames.length} frames in ${((performance.now() - began) / 1000).toFixed(0)} s${size}\n`,
      );
      writeTruth(out, loop, frames, isPreview ? step : 0);
    }
  } finally {
    await close();
  }
}

/** ffmpeg, fed with frames as planar 4:2:0. */
function encoder(file, { codec, crf, fps, keyRatio }, width, height) {
  const options =
    `-v error -y -f rawvideo -pix_fmt yuv420p ${COLOURS} -s ${width}x${height} -r ${fps} -i - ` +
    `${CODECS[codec](2 * fps)}${keyRatio ? ` -x264-params ipratio=${keyRatio}` : ""} -crf ${crf} ${COLOURS} ${CONTAINER}`;
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

/** Files beside the video, none for a preview (of every `step`th frame); fails where the exact boxes do not say what the loop intends. */
function writeTruth(out, loop, frames, step) {
  const fps = step ? loop.fps / step : loop.fps;
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
  const areas = {
    zones: Object.fromEntries(loop.zones.map(({ id, ground }) => [id, ground])),
    lines: Object.fromEntries(loop.lines.map(({ id, ground }) => [id, ground])),
  };
  const facts = frames.map((frame) => frame.facts);
  const events = loop.rules.flatMap((rule) => {
    const name = `${loop.name}/${rule.id}`;
    const isCounted = COUNTED.includes(rule.kind);
    const polygon = loop.zones.find((zone) => zone.id === rule.zone)?.polygon;
    const counts = isCounted ? countsOf(rule, polygon, normalised) : [];
    const spans = isCounted ? spansOf(rule, counts, fps) : happeningsOf(rule, areas, facts, fps);
    process.stderr.write(
      isCounted
        ? `${name}: counts a second ${counts.filter((_, i) => i % Math.max(1, Math.round(fps)) === 0).join(" ")}\n`
        : `${name}: ${spans.map(({ begin, end }) => `${begin.toFixed(1)} to ${end.toFixed(1)} s`).join(", ") || "nothing"}\n`,
    );
    complaints.push(...differences(name, spans, rule.wanted));
    if (isCounted)
      complaints.push(...unclear(name, rule, counts, fps, { margin: rule.kind === "crowding" ? 2 : 0, ...loop.calm }));
    return spans.map((span) => ({ rule, span }));
  });
  if (step) {
    for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
    return;
  }
  if (complaints.length) throw new Error(complaints.join("\n"));
  writeFileSync(join(out, `${loop.name}.gt.txt`), groundTruth(frames));
  writeFileSync(join(out, `${loop.name}.events.json`), eventsJson(loop, events));
  writeFileSync(join(out, `${loop.name}.camera.toml`), cameraToml(loop));
}
