/**
 * The sample tables of a progressive MP4 (ISO 14496-12): which bytes are which picture, and when it is shown. Only the
 * first video track is read; sound is not played here.
 */
export interface Samples {
  timescale: number;
  width: number;
  height: number;
  /** The whole `stsd` box: sample entries with their parameter sets, copied as they are. */
  stsd: Uint8Array;
  n: number;
  /** Decoding time and presentation time in ticks of the timescale, from the file's begin. */
  dts: Float64Array;
  pts: Float64Array;
  duration: Uint32Array;
  size: Uint32Array;
  offset: Float64Array;
  /** Which sample entry, from 1. */
  entry: Uint16Array;
  /** Indexes of random access points, ascending. */
  sync: number[];
}

interface Box {
  type: string;
  /** First byte of the box and of its payload, and the byte after its last. */
  at: number;
  body: number;
  end: number;
}

class Reader {
  readonly view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u32(at: number): number {
    return this.view.getUint32(at);
  }
  u64(at: number): number {
    return this.u32(at) * 2 ** 32 + this.u32(at + 4);
  }
  boxAt(at: number): Box | null {
    if (at + 8 > this.bytes.length) return null;
    const type = String.fromCharCode(...this.bytes.subarray(at + 4, at + 8));
    const short = this.u32(at);
    const isLong = short === 1;
    if (isLong && at + 16 > this.bytes.length) return null;
    const size = isLong ? this.u64(at + 8) : short;
    return size < 8 ? null : { type, at, body: at + (isLong ? 16 : 8), end: at + size };
  }
  find(path: readonly string[], from: number, to: number): Box | null {
    const [type, ...rest] = path;
    for (let at = from; at < to; ) {
      const box = this.boxAt(at);
      if (!box) return null;
      if (box.type === type) return rest.length === 0 ? box : this.find(rest, box.body, box.end);
      at = box.end;
    }
    return null;
  }
  all(type: string, from: number, to: number): Box[] {
    const found: Box[] = [];
    for (let at = from; at < to; ) {
      const box = this.boxAt(at);
      if (!box) break;
      if (box.type === type) found.push(box);
      at = box.end;
    }
    return found;
  }
}

/** Where `moov` lies, from the file's first bytes; null when they do not reach its header. */
export function moovRange(head: Uint8Array): { from: number; to: number } | null {
  const reader = new Reader(head);
  for (let at = 0; ; ) {
    const box = reader.boxAt(at);
    if (!box) return null;
    if (box.type === "moov") return { from: box.at, to: box.end };
    at = box.end;
  }
}

export class Mp4Damage extends Error {}

function need(box: Box | null, name: string): Box {
  if (!box) throw new Mp4Damage(`the file has no ${name}`);
  return box;
}

/** Reads a whole `moov` box. */
export function readMoov(bytes: Uint8Array): Samples {
  const r = new Reader(bytes);
  const moov = need(r.boxAt(0), "moov");
  for (const trak of r.all("trak", moov.body, Math.min(moov.end, bytes.length))) {
    const hdlr = r.find(["mdia", "hdlr"], trak.body, trak.end);
    if (hdlr && String.fromCharCode(...bytes.subarray(hdlr.body + 8, hdlr.body + 12)) === "vide") {
      return readTrack(r, trak);
    }
  }
  throw new Mp4Damage("the file has no video track");
}

function readTrack(r: Reader, trak: Box): Samples {
  const inside = (path: string[]) => r.find(path, trak.body, trak.end);
  const tkhd = need(inside(["tkhd"]), "tkhd");
  const mdhd = need(inside(["mdia", "mdhd"]), "mdhd");
  const stbl = need(inside(["mdia", "minf", "stbl"]), "stbl");
  const table = (type: string) => r.find([type], stbl.body, stbl.end);
  const stsd = need(table("stsd"), "stsd");
  const timescale = r.u32(mdhd.body + (r.bytes[mdhd.body] === 1 ? 20 : 12));
  const stsz = need(table("stsz"), "stsz");
  const n = r.u32(stsz.body + 8);
  const one = r.u32(stsz.body + 4);
  const size = new Uint32Array(n);
  for (let i = 0; i < n; i++) size[i] = one || r.u32(stsz.body + 12 + i * 4);

  const duration = new Uint32Array(n);
  runs(r, need(table("stts"), "stts"), (from, count, value) => duration.fill(value, from, from + count));
  const dts = new Float64Array(n);
  for (let i = 1; i < n; i++) dts[i] = (dts[i - 1] ?? 0) + (duration[i - 1] ?? 0);
  const pts = Float64Array.from(dts);
  const ctts = table("ctts");
  if (ctts) {
    // Version 0 is unsigned by the book, and signed in half of the files.
    runs(r, ctts, (from, count, value) => {
      for (let i = from; i < Math.min(n, from + count); i++) pts[i] = (pts[i] ?? 0) + (value | 0);
    });
  }
  const start = firstEdit(r, inside(["edts", "elst"]));
  if (start > 0) for (let i = 0; i < n; i++) pts[i] = (pts[i] ?? 0) - start;

  const entry = new Uint16Array(n);
  const offset = placeSamples(r, table, size, entry);
  const stss = table("stss");
  const sync = stss
    ? Array.from({ length: r.u32(stss.body + 4) }, (_, i) => r.u32(stss.body + 8 + i * 4) - 1)
    : Array.from({ length: n }, (_, i) => i);
  return {
    timescale,
    width: r.u32(tkhd.end - 8) >>> 16,
    height: r.u32(tkhd.end - 4) >>> 16,
    stsd: r.bytes.slice(stsd.at, stsd.end),
    n,
    dts,
    pts,
    duration,
    size,
    offset,
    entry,
    sync,
  };
}

/** A table of (count, value) runs: `stts` and `ctts`. */
function runs(r: Reader, box: Box, take: (from: number, count: number, value: number) => void): void {
  const rows = r.u32(box.body + 4);
  let from = 0;
  for (let i = 0; i < rows; i++) {
    const count = r.u32(box.body + 8 + i * 8);
    take(from, count, r.u32(box.body + 12 + i * 8));
    from += count;
  }
}

/** What the first edit cuts off at the begin: the delay of reordered pictures. */
function firstEdit(r: Reader, elst: Box | null): number {
  if (!elst || r.u32(elst.body + 4) === 0) return 0;
  const time = r.bytes[elst.body] === 1 ? r.u64(elst.body + 16) : r.u32(elst.body + 12);
  // All ones: an empty edit.
  return time >= 0xffffffff ? 0 : time;
}

function placeSamples(
  r: Reader,
  table: (type: string) => Box | null,
  size: Uint32Array,
  entry: Uint16Array,
): Float64Array {
  const stsc = need(table("stsc"), "stsc");
  const co64 = table("co64");
  const chunks = co64 ?? need(table("stco"), "stco");
  const width = co64 ? 8 : 4;
  const nChunks = r.u32(chunks.body + 4);
  const rows = r.u32(stsc.body + 4);
  const row = (i: number, field: number) => r.u32(stsc.body + 8 + i * 12 + field * 4);
  const offset = new Float64Array(size.length);
  let sample = 0;
  let rule = 0;
  for (let chunk = 1; chunk <= nChunks; chunk++) {
    while (rule + 1 < rows && row(rule + 1, 0) <= chunk) rule += 1;
    const place = chunks.body + 8 + (chunk - 1) * width;
    let at = co64 ? r.u64(place) : r.u32(place);
    for (let i = row(rule, 1); i > 0 && sample < size.length; i--) {
      offset[sample] = at;
      entry[sample] = row(rule, 2);
      at += size[sample] ?? 0;
      sample += 1;
    }
  }
  return offset;
}

/** The last random access point shown at or before a tick: its index among `sync`; 0 when all are later. */
export function syncBefore(samples: Samples, tick: number): number {
  let low = 0;
  let high = samples.sync.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    // Half a millisecond of slack for times that were rounded on their way.
    if ((samples.pts[samples.sync[middle] ?? 0] ?? 0) <= tick + samples.timescale / 2_000) low = middle;
    else high = middle - 1;
  }
  return low;
}
