import { describe, expect, it } from "vitest";
import { codecOfInit } from "../codec";
import { fragment, initSegment } from "./fragment";
import { Mp4Damage, moovRange, readMoov, syncBefore } from "./tables";

function box(type: string, ...parts: (number[] | Uint8Array | string)[]): Uint8Array {
  const bytes = parts.flatMap((part) => {
    if (typeof part === "string") return [...part].map((c) => c.charCodeAt(0));
    if (part instanceof Uint8Array) return [...part];
    return part.flatMap((n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  });
  const length = bytes.length + 8;
  const head = [0, 0, (length >>> 8) & 255, length & 255, ...[...type].map((c) => c.charCodeAt(0))];
  return Uint8Array.from([...head, ...bytes]);
}

const zeros = (n: number) => new Array<number>(n).fill(0);
const avcC = box("avcC", Uint8Array.from([1, 0x4d, 0x40, 0x1f, 0xff]));
const stsd = box("stsd", [0, 1], box("avc1", zeros(4), avcC));

/** Six pictures of 40 ms, GOPs of three, in two chunks: the second picture of each is shown last. */
function moov({ isLong = false, edit = 0 } = {}): Uint8Array {
  const offsets = isLong ? box("co64", [0, 2, 0, 1_000, 1, 0]) : box("stco", [0, 2, 1_000, 5_000]);
  const stbl = box(
    "stbl",
    stsd,
    box("stts", [0, 1, 6, 3_600]),
    box("ctts", [0, 6, 1, 0, 1, 3_600, 1, -3_600, 1, 0, 1, 3_600, 1, -3_600]),
    box("stsc", [0, 2, 1, 4, 1, 2, 2, 1]),
    box("stsz", [0, 0, 6, 100, 10, 20, 200, 30, 40]),
    box("stss", [0, 2, 1, 4]),
    offsets,
  );
  const hdlr = (kind: string) => box("hdlr", [0, 0], kind, [0, 0, 0]);
  const mdia = box("mdia", box("mdhd", [0, 0, 0, 90_000, 0, 0]), hdlr("vide"), box("minf", stbl));
  const tkhd = box("tkhd", zeros(19), [640 << 16, 360 << 16]);
  const sound = box("trak", tkhd, box("mdia", box("mdhd", zeros(6)), hdlr("soun")));
  const edts = box("edts", box("elst", [0, 1, 0, edit, 0x10000]));
  return box("moov", box("mvhd", zeros(25)), sound, box("trak", tkhd, edts, mdia));
}

describe("sample tables", () => {
  it("say which bytes are which picture", () => {
    const samples = readMoov(moov());
    expect([samples.n, samples.timescale, samples.width, samples.height]).toEqual([6, 90_000, 640, 360]);
    expect([...samples.offset]).toEqual([1_000, 1_100, 1_110, 1_130, 5_000, 5_030]);
    expect([...samples.dts]).toEqual([0, 3_600, 7_200, 10_800, 14_400, 18_000]);
    expect([...samples.pts]).toEqual([0, 7_200, 3_600, 10_800, 18_000, 14_400]);
    expect(samples.sync).toEqual([0, 3]);
    expect([...samples.stsd]).toEqual([...stsd]);
  });
  it("reach beyond four gigabytes", () => {
    expect(readMoov(moov({ isLong: true })).offset[4]).toBe(2 ** 32);
  });
  it("take off the delay that the edit list names", () => {
    expect([...readMoov(moov({ edit: 3_600 })).pts].slice(0, 2)).toEqual([-3_600, 3_600]);
  });
  it("refuse what is none", () => {
    expect(() => readMoov(box("moov", box("mvhd", zeros(25))))).toThrow(Mp4Damage);
  });
  it("find the random access point of an instant", () => {
    const samples = readMoov(moov());
    for (const [tick, sync] of [
      [-5, 0],
      [10_000, 0],
      [10_799, 1],
      [10_800, 1],
      [99_999, 1],
    ] as const)
      expect(syncBefore(samples, tick)).toBe(sync);
  });
  it("are found from the first bytes, even when only their header is there", () => {
    const ftyp = box("ftyp", [0, 0]);
    const file = Uint8Array.from([...ftyp, ...moov()]);
    const range = { from: ftyp.length, to: file.length };
    expect(moovRange(file)).toEqual(range);
    expect(moovRange(file.subarray(0, ftyp.length + 8))).toEqual(range);
    expect(moovRange(file.subarray(0, ftyp.length + 4))).toBeNull();
  });
});

describe("what Media Source gets", () => {
  const samples = readMoov(moov());
  it("is an init segment with the same parameter sets", () => {
    const init = initSegment(samples);
    expect(codecOfInit(init)).toBe("avc1.4d401f");
    expect(codecOfInit(init.subarray(0, 200))).toBeNull();
    const range = moovRange(init);
    expect(range?.to).toBe(init.length);
  });
  it("is fragments with the pictures' own bytes on the clock of the screen", () => {
    const data = Uint8Array.from({ length: 130 }, (_, i) => i);
    const base = 2 ** 33 + 5;
    const bytes = fragment(samples, 0, 3, base, data, 1_000);
    const view = new DataView(bytes.buffer);
    const moof = view.getUint32(0);
    expect(String.fromCharCode(...bytes.subarray(4, 8))).toBe("moof");
    expect(view.getUint32(moof)).toBe(130 + 8);
    expect([...bytes.subarray(moof + 8)]).toEqual([...data]);
    const at = (type: string) => {
      for (let i = 0; i < moof; i++)
        if (String.fromCharCode(...bytes.subarray(i, i + 4)) === type) return i + 4;
      throw new Error(`no ${type}`);
    };
    expect(view.getBigUint64(at("tfdt") + 4)).toBe(BigInt(base));
    const trun = at("trun");
    expect(view.getUint32(trun + 4)).toBe(3);
    // The data offset counts from the first byte of moof to the first picture.
    expect(view.getInt32(trun + 8)).toBe(moof + 8);
    const rows = [0, 1, 2].map((i) => [0, 4, 8, 12].map((f) => view.getInt32(trun + 12 + i * 16 + f)));
    expect(rows).toEqual([
      [3_600, 100, 0x02000000, 0],
      [3_600, 10, 0x01010000, 3_600],
      [3_600, 20, 0x01010000, -3_600],
    ]);
  });
});
