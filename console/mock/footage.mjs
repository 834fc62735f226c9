/**
 * Recorded footage for the mock: one real minute per camera, drawn by ffmpeg once and kept in the temporary folder.
 * Every window is cut and joined from it without encoding again. Minute and wall clock agree, so that the time code
 * in the picture is the truth about what is shown: second and frame in figures, the frame within the minute in bars.
 *
 * The bars: 32 cells across the lowest 1/24 of the picture; cells 0-3 are white black white black, 4-27 the frame
 * number with the highest bit first, 28-31 black white black white.
 */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const FPS = 25;
export const FRAME_MS = 1000 / FPS;
export const WIDTH = 640;
export const HEIGHT = 360;
const MINUTE = 60_000;
const CELLS = 32;
const BITS = 24;

const dir = join(tmpdir(), "sharpeyes-mock-footage-2");
mkdirSync(dir, { recursive: true });

function barFilters() {
  const w = WIDTH / CELLS;
  const h = HEIGHT / 24;
  const y = HEIGHT - h;
  const cell = (i, more = "") => `drawbox=x=${i * w}:y=${y}:w=${w}:h=${h}:color=white:t=fill${more}`;
  const filters = [`drawbox=x=0:y=${y}:w=${WIDTH}:h=${h}:color=black:t=fill`];
  for (const i of [0, 2, 29, 31]) filters.push(cell(i));
  // The minute has 1500 frames: only the low bits ever change.
  for (let bit = 0; bit < 11; bit++) {
    filters.push(cell(4 + BITS - 1 - bit, `:enable='mod(floor(n/${2 ** bit})\\,2)'`));
  }
  return filters;
}

/** One minute of a camera; `look` tells cameras apart. */
async function minuteOf(id, look, codec) {
  const name = createHash("sha1").update(`${id} ${look} ${codec}`).digest("hex").slice(0, 16);
  const path = join(dir, `${name}.mp4`);
  if (existsSync(path)) return path;
  const hue = (look * 47) % 360;
  const source = `gradients=s=${WIDTH}x${HEIGHT}:r=${FPS}:d=60:c0=0x1c2733:c1=0x56677a:x0=0:y0=0:x1=${WIDTH}:y1=${HEIGHT}:speed=0.00001`;
  const van = `color=white:s=96x44:r=${FPS}:d=60`;
  const text = `drawtext=fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf:fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=6:x=14:y=14:fontsize=26:text='${id}  s%{eif\\:floor(n/25)\\:d\\:2} f%{eif\\:mod(n\\,25)\\:d\\:2}'`;
  const filter = [
    `[0:v]hue=h=${hue}[b]`,
    `[b][1:v]overlay=x='mod(40*t+${look * 60}\\,${WIDTH + 96})-96':y=200[c]`,
    `[c]${[text, ...barFilters()].join(",")}[v]`,
  ].join(";");
  const encode =
    codec === "h265"
      ? [
          "-c:v",
          "libx265",
          "-preset",
          "ultrafast",
          "-x265-params",
          "keyint=25:min-keyint=25:bframes=0:log-level=error",
          "-tag:v",
          "hvc1",
        ]
      : ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-crf", "28", "-g", "25"];
  const part = `${path}.${process.pid}.part.mp4`;
  const inputs = ["-f", "lavfi", "-i", source, "-f", "lavfi", "-i", van];
  const output = [
    "-filter_complex",
    filter,
    "-map",
    "[v]",
    "-pix_fmt",
    "yuv420p",
    "-frames:v",
    "1500",
    ...encode,
    part,
  ];
  await run("ffmpeg", ["-v", "error", "-y", ...inputs, ...output]);
  renameSync(part, path);
  return path;
}

const minutes = new Map();

/** The path of a camera's minute; made when first asked for, one at a time. */
let last = Promise.resolve();
export function minute(id, look, codec = "h264") {
  const key = `${id}/${codec}`;
  if (!minutes.has(key)) {
    const made = last.then(() => minuteOf(id, look, codec));
    last = made.catch(() => undefined);
    minutes.set(key, made);
  }
  return minutes.get(key);
}

/** Pieces of whole seconds as a list that ffmpeg joins without encoding. */
function listOf(path, pieces) {
  const lines = ["ffconcat version 1.0"];
  for (const { from_ms, to_ms } of pieces) {
    for (let at = from_ms; at < to_ms; ) {
      const end = Math.min(to_ms, (Math.floor(at / MINUTE) + 1) * MINUTE);
      const inpoint = (at % MINUTE) / 1000;
      lines.push(`file '${path}'`);
      if (inpoint > 0) lines.push(`inpoint ${inpoint}`);
      if (end % MINUTE !== 0) lines.push(`outpoint ${(end % MINUTE) / 1000}`);
      lines.push(`duration ${(end - at) / 1000}`);
      at = end;
    }
  }
  const text = lines.join("\n");
  const list = join(dir, `${createHash("sha1").update(text).digest("hex").slice(0, 20)}.txt`);
  writeFileSync(list, text);
  return list;
}

const windows = new Map();
const KEPT = 24;

/** A progressive MP4 of the pieces, in memory. */
export async function progressive(path, pieces) {
  const list = listOf(path, pieces);
  const kept = windows.get(list);
  if (kept) return kept;
  const made = (async () => {
    const out = `${list}.${process.pid}.mp4`;
    const input = ["-f", "concat", "-safe", "0", "-i", list];
    await run("ffmpeg", ["-v", "error", "-y", ...input, "-c", "copy", "-movflags", "+faststart", out]);
    return readFileSync(out);
  })();
  windows.set(list, made);
  if (windows.size > KEPT) windows.delete(windows.keys().next().value);
  return made;
}

/** Fragmented H.264 as a gateway would transcode it: sent while it is made. */
export function fragmented(path, pieces, response) {
  const flags = "frag_keyframe+empty_moov+default_base_moof";
  const args = ["-v", "error", "-f", "concat", "-safe", "0", "-i", listOf(path, pieces)];
  const ffmpeg = spawn("ffmpeg", [...args, "-c", "copy", "-movflags", flags, "-f", "mp4", "pipe:1"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  ffmpeg.stdout.pipe(response);
  response.on("close", () => ffmpeg.kill());
}

const stills = new Map();

/** The picture of a second within the minute. */
export async function still(path, second) {
  if (!stills.has(path)) {
    stills.set(
      path,
      (async () => {
        const prefix = path.replace(/\.mp4$/, "-");
        const last = `${prefix}060.jpg`;
        if (!existsSync(last)) {
          const select = ["-vf", "select='eq(pict_type\\,I)',scale=480:-2", "-vsync", "0", "-q:v", "6"];
          await run("ffmpeg", ["-v", "error", "-y", "-i", path, ...select, `${prefix}%03d.jpg`]);
        }
        return prefix;
      })(),
    );
  }
  const prefix = await stills.get(path);
  return readFileSync(`${prefix}${String(second + 1).padStart(3, "0")}.jpg`);
}
