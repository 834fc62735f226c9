/**
 * Test pictures for the mock: ffmpeg draws a scene with three things that move on known paths, so that the boxes
 * of the made-up trace must lie exactly on them. Everything is written to a temporary folder.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const WIDTH = 960;
export const HEIGHT = 540;
export const CLIP_S = 26;

/** Left edge (0..1) of each thing at a time in the clip. */
const MOVERS = [
  { track: 7, class: "person", colour: "orange", w: 0.05, h: 0.26, y: 0.4, x: (t) => 0.05 + 0.025 * t },
  { track: 8, class: "person", colour: "deepskyblue", w: 0.05, h: 0.26, y: 0.46, x: (t) => 0.85 - 0.02 * t },
  { track: 9, class: "motorcycle", colour: "lime", w: 0.12, h: 0.2, y: 0.66, x: (t) => 0.1 + 0.03 * t },
];

const FFMPEG_X = ["0.05+0.025*t", "0.85-0.02*t", "0.1+0.03*t"];

function scene(duration) {
  const inputs = [];
  inputs.push("-f", "lavfi", "-i", `testsrc2=s=${WIDTH}x${HEIGHT}:r=25${duration ? `:d=${duration}` : ""}`);
  for (const m of MOVERS) {
    const size = `${Math.round(m.w * WIDTH)}x${Math.round(m.h * HEIGHT)}`;
    inputs.push("-f", "lavfi", "-i", `color=${m.colour}:s=${size}:r=25${duration ? `:d=${duration}` : ""}`);
  }
  const darker = "[0:v]eq=brightness=-0.25:saturation=0.4[b0]";
  const layers = MOVERS.map(
    (m, i) =>
      `[b${i}][${i + 1}:v]overlay=x='W*mod(${FFMPEG_X[i]}\\,1)':y=${Math.round(m.y * HEIGHT)}[b${i + 1}]`,
  );
  return [...inputs, "-filter_complex", [darker, ...layers].join(";"), "-map", `[b${MOVERS.length}]`];
}

const ENCODE = [
  "-c:v",
  "libx264",
  "-preset",
  "ultrafast",
  "-tune",
  "zerolatency",
  "-pix_fmt",
  "yuv420p",
  "-g",
  "25",
];

export function makeMedia() {
  const dir = mkdtempSync(join(tmpdir(), "sharpeyes-mock-"));
  const clip = join(dir, "clip.mp4");
  const still = join(dir, "still.jpg");
  const quiet = ["-v", "error", "-y"];
  execFileSync("ffmpeg", [...quiet, ...scene(CLIP_S), ...ENCODE, "-movflags", "+faststart", clip]);
  execFileSync("ffmpeg", [
    ...quiet,
    "-ss",
    "11",
    "-i",
    clip,
    "-frames:v",
    "1",
    "-q:v",
    "5",
    "-vf",
    "scale=640:-2",
    still,
  ]);
  return { clip: readFileSync(clip), still: readFileSync(still) };
}

/** Five analysed pictures a second, as a gateway would have stored. */
export function makeTrace(start_ms, until_s = CLIP_S) {
  const frames = [];
  for (let t = 0.1; t < until_s; t += 0.2) {
    frames.push({
      wall_ms: Math.round(start_ms + t * 1000),
      boxes: MOVERS.filter((m) => m.track !== 9 || t > 6).map((m) => ({
        track: m.track,
        class: m.class,
        confidence: 0.62 + 0.3 * Math.abs(Math.sin(t / 3 + m.track)),
        rect: { x0: m.x(t), y0: m.y, x1: m.x(t) + m.w, y1: m.y + m.h },
      })),
    });
  }
  return frames;
}

/** Sends a live picture into a WebSocket: init message, init segment, then one fragment per picture. */
export function streamLive(socket) {
  const args = ["-v", "error", "-re", ...scene(null), ...ENCODE, "-f", "mp4"];
  const flags = ["-movflags", "frag_every_frame+empty_moov+default_base_moof", "pipe:1"];
  const ffmpeg = spawn("ffmpeg", [...args, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  let rest = Buffer.alloc(0);
  let init = [];
  let fragment = [];
  let begun = false;
  ffmpeg.stdout.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 8 && rest.length >= rest.readUInt32BE(0)) {
      const size = rest.readUInt32BE(0);
      const box = rest.subarray(0, size);
      const type = box.toString("latin1", 4, 8);
      rest = rest.subarray(size);
      if (!begun) {
        init.push(box);
        if (type === "moov") {
          begun = true;
          const mime = `video/mp4; codecs="${codecOf(box)}"`;
          socket.send(JSON.stringify({ type: "init", mime, width: WIDTH, height: HEIGHT }));
          socket.send(Buffer.concat(init));
          init = [];
        }
        continue;
      }
      fragment.push(box);
      if (type === "mdat") {
        socket.send(Buffer.concat(fragment));
        fragment = [];
      }
    }
  });
  socket.on("close", () => ffmpeg.kill());
}

function codecOf(moov) {
  const at = moov.indexOf("avcC", 0, "latin1");
  return `avc1.${moov.subarray(at + 5, at + 8).toString("hex")}`;
}
