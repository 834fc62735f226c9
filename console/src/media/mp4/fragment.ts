/**
 * Makes the two things that Media Source accepts out of a progressive file: an init segment and fragments. Pictures
 * are copied as they are; only the boxes around them are new, with times on the clock of the screen.
 */
import type { Samples } from "./tables";

const SYNC_FLAGS = 0x02000000;
const DEPENDS_FLAGS = 0x01010000;

function box(type: string, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** 32-bit words. */
function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value >>> 0);
  return bytes;
}

const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

export function initSegment(samples: Samples): Uint8Array {
  const { timescale, width, height, stsd } = samples;
  const text = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0));
  const ftyp = box("ftyp", text("iso5"), words(512), text("iso5iso6mp41"));
  const mvhd = box(
    "mvhd",
    words(0, 0, 0, timescale, 0, 0x10000, 0x1000000, 0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, 2),
  );
  const tkhd = box("tkhd", words(3, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...MATRIX, width << 16, height << 16));
  // Language "und"; no pre-defined value.
  const mdhd = box("mdhd", words(0, 0, 0, timescale, 0, 0x55c40000));
  const hdlr = box("hdlr", words(0, 0), text("vide"), words(0, 0, 0), new Uint8Array(1));
  const dinf = box("dinf", box("dref", words(0, 1), box("url ", words(1))));
  const empty = ["stts", "stsc", "stco"].map((type) => box(type, words(0, 0)));
  const stbl = box("stbl", stsd, ...empty, box("stsz", words(0, 0, 0)));
  const minf = box("minf", box("vmhd", words(1, 0, 0)), dinf, stbl);
  const trak = box("trak", tkhd, box("mdia", mdhd, hdlr, minf));
  const mvex = box("mvex", box("trex", words(0, 1, 1, 0, 0, 0)));
  const moov = box("moov", mvhd, trak, mvex);
  const joined = new Uint8Array(ftyp.length + moov.length);
  joined.set(ftyp);
  joined.set(moov, ftyp.length);
  return joined;
}

/**
 * One fragment of samples `from..to` (of one sample entry). `base_tick` is where the first one's decoding time lies on
 * the screen's clock, `data` the file's bytes from `data_at` on.
 */
export function fragment(
  samples: Samples,
  from: number,
  to: number,
  base_tick: number,
  data: Uint8Array,
  data_at: number,
): Uint8Array {
  const n = to - from;
  const trun = new Uint8Array(12 + n * 16);
  const view = new DataView(trun.buffer);
  // Version 1: signed composition offsets. Flags: data offset, duration, size, flags, composition offset.
  view.setUint32(0, 0x01000f01);
  view.setUint32(4, n);
  const isSync = new Set(samples.sync.filter((i) => i >= from && i < to));
  let bytes = 0;
  for (let i = 0; i < n; i++) {
    const s = from + i;
    const at = 12 + i * 16;
    view.setUint32(at, samples.duration[s] ?? 0);
    view.setUint32(at + 4, samples.size[s] ?? 0);
    view.setUint32(at + 8, isSync.has(s) ? SYNC_FLAGS : DEPENDS_FLAGS);
    view.setInt32(at + 12, (samples.pts[s] ?? 0) - (samples.dts[s] ?? 0));
    bytes += samples.size[s] ?? 0;
  }
  // Default base is the moof; the sample entry is named, since a file may have several.
  const tfhd = box("tfhd", words(0x020002, 1, samples.entry[from] ?? 1));
  const tfdt = box("tfdt", words(0x01000000, Math.floor(base_tick / 2 ** 32), base_tick % 2 ** 32));
  const mfhd = box("mfhd", words(0, 1));
  const moofLength = 8 + mfhd.length + 8 + tfhd.length + tfdt.length + 8 + trun.length;
  view.setUint32(8, moofLength + 8);
  const moof = box("moof", mfhd, box("traf", tfhd, tfdt, box("trun", trun)));
  const out = new Uint8Array(moof.length + 8 + bytes);
  out.set(moof);
  new DataView(out.buffer).setUint32(moof.length, bytes + 8);
  out.set([0x6d, 0x64, 0x61, 0x74], moof.length + 4);
  let at = moof.length + 8;
  for (let s = from; s < to; s++) {
    const start = (samples.offset[s] ?? 0) - data_at;
    const size = samples.size[s] ?? 0;
    out.set(data.subarray(start, start + size), at);
    at += size;
  }
  return out;
}
