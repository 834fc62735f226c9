/**
 * What is recorded of one stream, read piece by piece: descriptions of windows, the sample tables of their files, and
 * the bytes of single GOPs. It knows nothing of video elements and plays nothing.
 *
 * Every request is short. A `<video src>` would keep its connection for as long as it plays, and a browser has six to
 * one host: the sixth camera, and every other request of the console, would wait for ever.
 */
import type { Problem } from "../../api/client";
import { problemOf } from "../../api/client";
import {
  type Reason,
  type Recording,
  type RecordingGap,
  type RecordingProblem,
  recordings,
  type Stream,
  type Stretch,
  withReason,
} from "../../api/recordings";
import { coveredUntil, type Place, placeOf, wallOf } from "../../timeline/cover";
import { windowAt, windowFrom } from "../../timeline/windows";
import { fragment } from "../mp4/fragment";
import { moovRange, readMoov, type Samples, syncBefore } from "../mp4/tables";

export class FootageError extends Error {
  constructor(readonly problem: RecordingProblem) {
    super(problem.message);
  }
}

/** The file behind a description is no longer the same; it has been forgotten and is to be described again. */
export class FootageChanged extends Error {}

export interface Described {
  window: Stretch;
  /** This description speaks for `window.from_ms` up to here. */
  until_ms: number;
  /** Null where nothing at all was recorded. */
  clip: Recording | null;
  gaps: readonly RecordingGap[];
  samples: Samples | null;
  /** Names the very file that `samples` index; null when the gateway gives none. */
  etag: string | null;
}

export interface Chunk {
  bytes: Uint8Array;
  /** Wall time of its first picture and of the end of its last. */
  from_ms: number;
  to_ms: number;
}

/** The first bytes of a file: enough for the tables of ten minutes in most cases. */
const HEAD_BYTES = 262_144;
const KEPT_WINDOWS = 4;
const CHUNK_BYTES = 3_000_000;

export class Footage {
  readonly camera: string;
  readonly stream: Stream;
  readonly #reason: () => Reason | null;
  readonly #now: () => number;
  #windows: Described[] = [];

  constructor(camera: string, stream: Stream, reason: () => Reason | null, now: () => number) {
    this.camera = camera;
    this.stream = stream;
    this.#reason = reason;
    this.#now = now;
  }

  known(at_ms: number): Described | null {
    return this.#windows.find((w) => at_ms >= w.window.from_ms && at_ms < w.until_ms) ?? null;
  }

  /** Where the recording ended when it was last looked at, if `at_ms` lies at most `within_ms` behind that. */
  edgeBefore(at_ms: number, within_ms: number): number | null {
    const ends = this.#windows
      .map((w) => w.until_ms)
      .filter((end) => end <= at_ms && at_ms - end < within_ms);
    return ends.length === 0 ? null : Math.max(...ends);
  }

  forget(): void {
    this.#windows = [];
  }

  async describe(at_ms: number, signal: AbortSignal): Promise<Described> {
    const now = this.#now();
    const edge = this.edgeBefore(at_ms, 60_000);
    const window = edge === null ? windowAt(at_ms, now) : windowFrom(edge, now);
    const answer = await recordings.describe(this.camera, window, this.stream, this.#reason(), signal);
    if (answer.kind === "aborted") throw new DOMException("aborted", "AbortError");
    if (answer.kind === "ok") {
      const clip = answer.value;
      return this.#keep({
        window,
        until_ms: coveredUntil(clip, window, now),
        clip,
        gaps: clip.gaps,
        samples: null,
        etag: null,
      });
    }
    const problem: RecordingProblem = answer.problem;
    if (problem.code !== "nothing_recorded") throw new FootageError(problem);
    const gaps = problem.gaps ?? [];
    const none = { spans: [], gaps, duration_ms: 0, end_ms: window.from_ms };
    return this.#keep({
      window,
      until_ms: coveredUntil(none, window, now),
      clip: null,
      gaps,
      samples: null,
      etag: null,
    });
  }

  #keep(described: Described): Described {
    // A longer look at the same stretch replaces the shorter one.
    this.#windows = [
      described,
      ...this.#windows.filter((w) => w.window.from_ms !== described.window.from_ms),
    ].slice(0, KEPT_WINDOWS);
    return described;
  }

  async index(described: Described, signal: AbortSignal): Promise<Samples> {
    if (described.samples) return described.samples;
    const head = await this.#read(described, 0, HEAD_BYTES, signal);
    const range = moovRange(head);
    if (!range) throw damaged("the file does not begin with its tables");
    const moov =
      range.to <= head.length
        ? head.subarray(range.from, range.to)
        : await this.#read(described, range.from, range.to, signal);
    described.samples = readMoov(moov);
    return described.samples;
  }

  /**
   * The GOP that is shown at `at_ms` and those after it, up to `most_ms` and a few megabytes: fragments with times
   * counted from `base_ms`.
   */
  async chunk(
    described: Described,
    at_ms: number,
    most_ms: number,
    base_ms: number,
    signal: AbortSignal,
  ): Promise<Chunk> {
    const clip = need(described.clip);
    const samples = await this.index(described, signal);
    const place = placeOf(clip, at_ms);
    if (place.kind !== "media") throw damaged("asked for bytes within a gap");
    const first = syncBefore(samples, (place.offset_ms * samples.timescale) / 1000);
    const gops = gopsFrom(samples, first, most_ms);
    const begin = samples.offset[gops[0]?.from ?? 0] ?? 0;
    const lastSample = (gops[gops.length - 1]?.to ?? 1) - 1;
    const end = (samples.offset[lastSample] ?? 0) + (samples.size[lastSample] ?? 0);
    const data = await this.#read(described, begin, end, signal);
    const toMs = (tick: number) => (tick * 1000) / samples.timescale;
    const parts = gops.map(({ from, to }) => {
      const pts = samples.pts[from] ?? 0;
      const wall = wallOf(clip, toMs(pts)) ?? clip.start_ms;
      const tick =
        Math.round(((wall - base_ms) * samples.timescale) / 1000) - (pts - (samples.dts[from] ?? 0));
      return { wall, bytes: fragment(samples, from, to, tick, data, begin) };
    });
    const lastEnd = toMs((samples.dts[lastSample] ?? 0) + (samples.duration[lastSample] ?? 0));
    return {
      bytes: concat(parts.map((part) => part.bytes)),
      from_ms: parts[0]?.wall ?? at_ms,
      to_ms: wallOf(clip, lastEnd - 1) ?? at_ms,
    };
  }

  async #read(described: Described, from: number, to: number, signal: AbortSignal): Promise<Uint8Array> {
    const response = await request(withReason(need(described.clip).mp4, this.#reason()), signal, {
      range: `bytes=${from}-${to - 1}`,
    });
    const etag = response.headers.get("etag");
    if (described.etag !== null && etag !== described.etag) {
      // The recording has grown or lost its oldest part since: what was indexed is another file.
      void response.body?.cancel();
      this.#windows = this.#windows.filter((w) => w !== described);
      throw new FootageChanged();
    }
    described.etag = etag;
    const bytes = new Uint8Array(await response.arrayBuffer());
    // A server that ignores ranges sends it all.
    return response.status === 200 ? bytes.subarray(from, to) : bytes;
  }

  /** A transcoded stream from `at_ms` to the end of its span: the reader of its bytes. */
  async transcoded(described: Described, at_ms: number, width: number, signal: AbortSignal) {
    const clip = need(described.clip);
    const end_ms = spanEnd(clip, at_ms, described.until_ms);
    const window = { from_ms: Math.floor(at_ms), to_ms: Math.ceil(end_ms) };
    // Described for exactly this stretch: where it begins says where its first picture belongs.
    const answer = await recordings.describe(this.camera, window, this.stream, this.#reason(), signal);
    if (answer.kind === "aborted") throw new DOMException("aborted", "AbortError");
    if (answer.kind === "error") throw new FootageError(answer.problem);
    const response = await request(withReason(answer.value.h264, this.#reason(), { width }), signal, {});
    if (!response.body) throw damaged("an answer without a body");
    return {
      reader: response.body.getReader(),
      from_ms: answer.value.spans[0]?.wall_ms ?? answer.value.start_ms,
      to_ms: end_ms,
    };
  }

  place(described: Described, at_ms: number): Place {
    const { clip, gaps } = described;
    if (clip) return placeOf(clip, at_ms);
    return placeOf({ spans: [], gaps: [...gaps], duration_ms: 0, end_ms: at_ms }, at_ms);
  }
}

function spanEnd(clip: Recording, at_ms: number, until_ms: number): number {
  const next = clip.spans.find((span) => span.wall_ms > at_ms);
  if (!next) return Math.min(until_ms, clip.end_ms);
  const i = clip.spans.indexOf(next);
  const span = clip.spans[i - 1];
  return span ? span.wall_ms + (next.offset_ms - span.offset_ms) : next.wall_ms;
}

function gopsFrom(samples: Samples, first: number, most_ms: number): { from: number; to: number }[] {
  const gops: { from: number; to: number }[] = [];
  let bytes = 0;
  let length_ms = 0;
  for (let i = first; i < samples.sync.length; i++) {
    const from = samples.sync[i] ?? 0;
    const to = samples.sync[i + 1] ?? samples.n;
    for (let s = from; s < to; s++) {
      bytes += samples.size[s] ?? 0;
      length_ms += ((samples.duration[s] ?? 0) * 1000) / samples.timescale;
    }
    if (gops.length > 0 && bytes > CHUNK_BYTES) break;
    gops.push({ from, to });
    if (length_ms >= most_ms) break;
  }
  return gops;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function need(clip: Recording | null): Recording {
  if (!clip) throw damaged("nothing was recorded here");
  return clip;
}

const damaged = (message: string) => new FootageError({ status: 200, code: "media", message });

/** Bytes from the gateway, or what it says instead. */
export async function request(
  url: string,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      signal,
      headers: { ...headers, "x-sharpeyes": "1" },
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FootageError({ status: 0, code: "unreachable", message });
  }
  if (!response.ok) throw new FootageError((await problemOf(response)) satisfies Problem);
  return response;
}
