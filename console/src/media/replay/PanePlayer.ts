/**
 * One pane: shows its camera's footage of the instant that the wall's clock says. Media time is wall time minus a
 * base, so the two never need translating and a gap is simply a place where nothing is buffered.
 *
 * It loads what is needed a little ahead, steers the video element, and says in `PaneState` what it shows or why not.
 * It never moves the clock: the wall asks it whether it is ready.
 */
import type { Reason, RecordingGap, RecordingProblem, Stream } from "../../api/recordings";
import { JOINT_MS } from "../../timeline/cover";
import { ErrorFilter, steer } from "../../timeline/steer";
import { canDecode, codecOfInit, rememberUndecodable } from "../codec";
import { initSegment } from "../mp4/fragment";
import type { Pictures } from "../Pictures";
import { settled } from "../settled";
import { type Described, Footage, FootageChanged, FootageError } from "./Footage";

export interface PaneState {
  kind: "idle" | "loading" | "shown" | "gap" | "edge" | "purpose" | "failed" | "quota" | "undecodable";
  /** How the pictures come: as recorded, transcoded by the gateway, or single keyframes at high speed. */
  way: "native" | "transcoded" | "pictures";
  gap: RecordingGap | null;
  problem: RecordingProblem | null;
  /** Wall time of the keyframe picture shown at high speed. */
  picture_ms: number | null;
  /** The clock goes on without this pane. */
  late: boolean;
  codec: string;
  width: number;
  height: number;
  frame_ms: number;
}

export type Readiness = "ready" | "waiting" | "gap" | "out";

export interface Follow {
  /** Real time, `performance.now()`. */
  perf: number;
  speed: number;
  /** The clock runs; otherwise it stands, `exact` when for good and not only for a moment. */
  run: boolean;
  exact: boolean;
}

export interface PaneHost {
  video: HTMLVideoElement;
  image: HTMLImageElement;
  pictures: Pictures;
  reason: () => Reason | null;
  /** The gateway's time, Unix ms. */
  now: () => number;
  /** The wall's clock at an instant of real time. */
  clockAt: (perf: number) => number;
  onState: (state: PaneState) => void;
}

const DAY_MS = 86_400_000;
/** Footage older than this is shown for a stated purpose only. */
export const PURPOSE_AFTER_MS = DAY_MS;
/** The base lies so far before the first instant that nearly every later jump stays positive. */
const BASE_DAYS = 45;
const AHEAD_MS = 12_000;
const MOST_AHEAD_MS = 60_000;
const BEHIND_MS = 20_000;
const EDGE_POLL_MS = 2_000;
const EDGE_WITHIN_MS = 150_000;
const RETRY_MS = 5_000;
/** Fragments that touch may leave this much between their ranges. */
const HOLE_MS = 150;
/** Times are rounded on their way into the browser. */
const ROUNDING_MS = 5;
const TRANSCODE_WIDTH = 1280;
/** From this speed on keyframe pictures may stand in for a decoder that is too slow. */
const PICTURES_FROM = 4;
const PICTURE_EVERY_MS = 200;
const PICTURE_WIDTH = 640;
/** A decoder that gives no picture at all for so long cannot do it. */
const NO_PICTURE_MS = 4_000;
/** Being behind for so long within a short while means too slow. */
const TOO_SLOW_MS = 1_500;

const FIRST: PaneState = {
  kind: "idle",
  way: "native",
  gap: null,
  problem: null,
  picture_ms: null,
  late: false,
  codec: "",
  width: 0,
  height: 0,
  frame_ms: 40,
};

interface Transcode {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  abort: AbortController;
  from_ms: number;
  to_ms: number;
  head: Uint8Array | null;
  isDone: boolean;
}

export class PanePlayer {
  readonly camera: string;
  readonly #host: PaneHost;
  readonly #gone = new AbortController();
  readonly #footage: Footage;
  readonly #filter = new ErrorFilter();
  #state = FIRST;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #objectUrl: string | null = null;
  #mime = "";
  #initFor: Described | null = null;
  #base_ms = 0;
  #target_ms = 0;
  #speed = 1;
  #run = false;
  #way: "native" | "transcoded" = "native";
  #transcode: Transcode | null = null;
  #step: AbortController | null = null;
  #wake: () => void = () => undefined;
  #failure: { at_ms: number; perf: number } | null = null;
  #skip: { from_ms: number; to_ms: number } | null = null;
  #lastEdgeAsk = 0;
  #frame: { wall_ms: number; perf: number } | null = null;
  #hasFrame = false;
  #runSince = 0;
  #slowMs = 0;
  #slowSince = 0;
  #lastFollow = 0;
  /** The slowest speed that was too fast for this browser here. */
  #tooFast: number | null = null;
  #pictureAsk: AbortController | null = null;
  #pictureAt = 0;

  constructor(camera: string, stream: Stream, host: PaneHost) {
    this.camera = camera;
    this.#host = host;
    this.#footage = new Footage(camera, stream, host.reason, host.now);
    host.video.addEventListener("error", () => this.#mediaError(), { signal: this.#gone.signal });
    this.#watchFrames();
    void this.#loop();
  }

  get state(): PaneState {
    return this.#state;
  }

  /** Wall time of the picture in sight, if the video shows one. */
  get frame_ms(): number | null {
    return this.#frame?.wall_ms ?? null;
  }

  destroy(): void {
    this.#gone.abort();
    this.#step?.abort();
    this.#pictureAsk?.abort();
    this.#closeTranscode();
    this.#closeSource();
    this.#wake();
  }

  /** Forgets what went wrong and asks again. */
  retry(): void {
    this.#failure = null;
    this.#footage.forget();
    this.#set({ kind: "loading", problem: null });
    this.#wake();
  }

  setLate(late: boolean): void {
    if (this.#state.late !== late) this.#set({ late });
  }

  #set(change: Partial<PaneState>): void {
    const next = { ...this.#state, ...change };
    const keys = Object.keys(change) as (keyof PaneState)[];
    if (keys.every((key) => next[key] === this.#state[key])) return;
    this.#state = next;
    if (!this.#gone.signal.aborted) this.#host.onState(next);
  }

  // ---- what the wall asks at every tick ----

  follow(at_ms: number, { perf, speed, run, exact }: Follow): Readiness {
    const since = this.#lastFollow === 0 ? 0 : perf - this.#lastFollow;
    this.#lastFollow = perf;
    const moved = Math.abs(at_ms - this.#target_ms);
    if (moved > 1_000 * speed + 500) this.#jumped(at_ms);
    if (moved > 0 || this.#run !== run || this.#speed !== speed) {
      this.#target_ms = at_ms;
      this.#speed = speed;
      if (run && !this.#run) this.#runSince = perf;
      this.#run = run;
      this.#wake();
    }
    const readiness = this.#judge(at_ms, perf, exact);
    this.#judgePace(readiness, since, perf);
    return readiness;
  }

  #judge(at_ms: number, perf: number, exact: boolean): Readiness {
    const { video } = this.#host;
    if (at_ms < this.#host.now() - PURPOSE_AFTER_MS && this.#host.reason() === null) {
      video.pause();
      this.#set({ kind: "purpose", gap: null });
      return "out";
    }
    if (this.#failure !== null) {
      video.pause();
      const { status } = this.#state.problem ?? { status: 200 };
      const passes = (status === 0 || status >= 500) && perf - this.#failure.perf > RETRY_MS;
      const elsewhere = Math.abs(at_ms - this.#failure.at_ms) > 30_000 && this.#state.kind !== "quota";
      if (passes || elsewhere) this.retry();
      return "out";
    }
    const described = this.#footage.known(at_ms);
    if (!described) {
      video.pause();
      const isEdge =
        this.#footage.edgeBefore(at_ms, EDGE_WITHIN_MS) !== null && at_ms > this.#host.now() - EDGE_WITHIN_MS;
      this.#set({ kind: isEdge ? "edge" : "loading", gap: null });
      return "waiting";
    }
    const place = this.#footage.place(described, at_ms);
    if (place.kind === "gap") {
      this.#inGap(place.resume_ms);
      this.#set({ kind: "gap", gap: place.gap, picture_ms: null });
      return "gap";
    }
    if (this.#showsPictures) {
      video.pause();
      this.#picture(at_ms, perf);
      this.#set({ kind: "shown", way: "pictures", gap: null });
      return "ready";
    }
    this.#set({ way: this.#way, picture_ms: null, gap: null });
    // Where loading has shown that nothing lies between two runs, the next one stands in.
    const skip = this.#skip;
    const isJoint = skip !== null && at_ms >= skip.from_ms && at_ms < skip.to_ms;
    const range = this.#rangeAt(at_ms, isJoint ? JOINT_MS + HOLE_MS : ROUNDING_MS);
    if (!range) {
      video.pause();
      // Where nothing follows, the last picture stays until the clock has left the joint.
      if (isJoint && video.readyState >= 2 && this.#rangeAt(at_ms - JOINT_MS)) {
        this.#set({ kind: "shown" });
        return "ready";
      }
      this.#set({ kind: "loading" });
      return "waiting";
    }
    // Within a joint the first picture after it is shown until the clock is there.
    if (range.from_ms > at_ms + ROUNDING_MS) return this.#stand(range.from_ms, exact);
    return this.#run ? this.#chase(at_ms, range.to_ms, described) : this.#stand(at_ms, exact);
  }

  get #showsPictures(): boolean {
    if (!this.#run || this.#speed < PICTURES_FROM) return false;
    return this.#way === "transcoded" || (this.#tooFast !== null && this.#speed >= this.#tooFast);
  }

  /** The video waits where the footage goes on, so that it need not be searched for then. */
  #inGap(resume_ms: number | null): void {
    const { video } = this.#host;
    video.pause();
    if (resume_ms === null || video.seeking || !this.#rangeAt(resume_ms)) return;
    if (Math.abs(this.#wallOf(video.currentTime) - resume_ms) > 60) this.#seek(resume_ms);
  }

  #stand(at_ms: number, exact: boolean): Readiness {
    const { video } = this.#host;
    if (!video.paused) video.pause();
    const away = Math.abs(this.#wallOf(video.currentTime) - at_ms);
    const tolerance = exact ? 2 : 60 * this.#speed;
    if (!video.seeking && away > tolerance) this.#seek(at_ms);
    const isReady = !video.seeking && video.readyState >= 2;
    if (isReady) this.#set({ kind: "shown" });
    return isReady ? "ready" : "waiting";
  }

  #chase(at_ms: number, rangeEnd_ms: number, described: Described): Readiness {
    const { video } = this.#host;
    if (video.seeking) return "waiting";
    // Before a gap the last pictures have nothing after them, and the browser calls that starving.
    const isLast = rangeEnd_ms - at_ms < 400 * this.#speed && this.#isEndOfFootage(described, rangeEnd_ms);
    if (video.readyState < (isLast ? 2 : 3)) return "waiting";
    const coarse = this.#wallOf(video.currentTime) - at_ms;
    const error = this.#filter.value_ms ?? coarse;
    const steering = steer(Math.abs(coarse) > 400 * this.#speed ? coarse : error, this.#speed);
    if (steering.kind === "jump" && !isLast) {
      this.#seek(at_ms);
      return "waiting";
    }
    const rate = steering.kind === "rate" ? steering.rate : this.#speed;
    if (Math.abs(video.playbackRate - rate) > 0.004) video.playbackRate = rate;
    if (video.paused) video.play().catch(() => undefined);
    this.#set({ kind: "shown" });
    return "ready";
  }

  #isEndOfFootage(described: Described, at_ms: number): boolean {
    const after = at_ms + HOLE_MS;
    return after < described.until_ms && this.#footage.place(described, after).kind === "gap";
  }

  /** Waiting and frozen pictures at high speed add up to "too slow". */
  #judgePace(readiness: Readiness, since: number, perf: number): void {
    if (!this.#hasFrame && this.#way === "native" && this.#run && perf - this.#runSince > NO_PICTURE_MS) {
      if (readiness === "ready" && this.#buffer !== null && !this.#showsPictures) this.#cannotDecode();
    }
    if (this.#speed < PICTURES_FROM || this.#showsPictures) return;
    if (perf - this.#slowSince > 6_000) {
      this.#slowSince = perf;
      this.#slowMs = 0;
    }
    const frozen = this.#run && this.#frame !== null && perf - this.#frame.perf > 500;
    if ((readiness === "waiting" && this.#rangeAt(this.#target_ms)) || (readiness === "ready" && frozen)) {
      this.#slowMs += Math.min(since, 500);
    }
    if (this.#slowMs > TOO_SLOW_MS) this.#tooFast = this.#speed;
  }

  #jumped(at_ms: number): void {
    this.#skip = null;
    this.#filter.reset();
    this.#step?.abort();
    const kept = this.#transcode;
    if (kept && (at_ms < kept.from_ms || at_ms > kept.to_ms)) this.#closeTranscode();
  }

  #seek(at_ms: number): void {
    this.#filter.reset();
    // A little into the frame: media times are rounded on their way into the browser.
    this.#host.video.currentTime = Math.max(0, (at_ms - this.#base_ms + 1) / 1000);
  }

  #wallOf(media_s: number): number {
    return media_s * 1000 + this.#base_ms;
  }

  #watchFrames(): void {
    const { video } = this.#host;
    const seen = (now: number, frame: VideoFrameCallbackMetadata) => {
      if (this.#gone.signal.aborted) return;
      const wall_ms = this.#wallOf(frame.mediaTime);
      this.#frame = { wall_ms, perf: now };
      this.#hasFrame = true;
      if (this.#run && !video.paused) {
        this.#filter.push(wall_ms - this.#host.clockAt(frame.expectedDisplayTime));
      }
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }

  #picture(at_ms: number, perf: number): void {
    if (this.#pictureAsk !== null || perf - this.#pictureAt < PICTURE_EVERY_MS) return;
    this.#pictureAt = perf;
    const ask = new AbortController();
    this.#pictureAsk = ask;
    const wanted = { camera: this.camera, at_ms, stream: this.#footage.stream, width: PICTURE_WIDTH };
    void this.#host.pictures.get(wanted, this.#host.reason(), ask.signal).then((answer) => {
      this.#pictureAsk = null;
      if (this.#gone.signal.aborted || answer.kind !== "ok") return;
      this.#host.image.src = answer.picture.url;
      if (this.#showsPictures) this.#set({ picture_ms: answer.picture.at_ms ?? at_ms });
    });
  }

  // ---- loading, one step after another ----

  async #loop(): Promise<void> {
    while (!this.#gone.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const step = new AbortController();
      this.#step = step;
      const did = await this.#once(step.signal);
      if (!did) await Promise.race([woken, new Promise((resolve) => setTimeout(resolve, 500))]);
    }
  }

  /** Does the next thing that is missing; false when nothing is. */
  async #once(signal: AbortSignal): Promise<boolean> {
    if (this.#failure !== null || this.#state.kind === "purpose" || this.#target_ms === 0) return false;
    const at_ms = this.#target_ms;
    try {
      return await this.#fill(at_ms, signal);
    } catch (cause) {
      if (this.#gone.signal.aborted) return false;
      if (signal.aborted) return true;
      if (cause instanceof DOMException && cause.name === "AbortError") return true;
      if (cause instanceof FootageChanged) return true;
      this.#fail(cause, at_ms);
      return true;
    }
  }

  async #fill(from_ms: number, signal: AbortSignal): Promise<boolean> {
    const ahead = this.#run ? Math.min(MOST_AHEAD_MS, AHEAD_MS * this.#speed) : 3_000;
    for (let at = from_ms; at < Math.min(from_ms + ahead, this.#host.now()); ) {
      const described = this.#footage.known(at);
      if (!described) return this.#describe(at, signal);
      const place = this.#footage.place(described, at);
      if (place.kind === "gap") {
        at = Math.max(place.resume_ms ?? described.until_ms, at + 1);
        continue;
      }
      const skip = this.#skip;
      const range = this.#rangeAt(at);
      if (range) at = Math.max(range.to_ms, at) + 1;
      else if (skip && at >= skip.from_ms && at < skip.to_ms) at = skip.to_ms;
      else if (this.#showsPictures) return false;
      else
        return this.#way === "native"
          ? this.#load(described, at, at - from_ms, signal)
          : this.#pull(described, at);
    }
    return false;
  }

  async #describe(at_ms: number, signal: AbortSignal): Promise<boolean> {
    const edge = this.#footage.edgeBefore(at_ms, EDGE_WITHIN_MS);
    if (edge !== null && at_ms > this.#host.now() - EDGE_WITHIN_MS) {
      const now = performance.now();
      if (now - this.#lastEdgeAsk < EDGE_POLL_MS) return false;
      this.#lastEdgeAsk = now;
    }
    const described = await this.#footage.describe(at_ms, signal);
    const { clip } = described;
    if (!clip) return true;
    this.#set({ codec: clip.codec, width: clip.width, height: clip.height, frame_ms: clip.frame_ms });
    if (this.#way === "native" && !canDecode(clip.mime)) this.#way = "transcoded";
    return true;
  }

  async #load(described: Described, at_ms: number, ahead_ms: number, signal: AbortSignal): Promise<boolean> {
    const { clip } = described;
    if (!clip) return false;
    if (!canDecode(clip.mime)) {
      this.#way = "transcoded";
      return true;
    }
    const samples = await this.#footage.index(described, signal);
    const buffer = await this.#ensureBuffer(clip.mime, at_ms);
    // The first picture soon; what follows in larger pieces.
    const most_ms = ahead_ms < 500 ? 500 : 4_000 * Math.max(1, this.#speed);
    const chunk = await this.#footage.chunk(described, at_ms, most_ms, this.#base_ms, signal);
    if (this.#initFor !== described) {
      await this.#append(buffer, initSegment(samples));
      this.#initFor = described;
    }
    await this.#append(buffer, chunk.bytes);
    // Whatever the browser made of it, the same bytes are not asked for again and again.
    if (!this.#rangeAt(at_ms)) this.#skip = { from_ms: at_ms, to_ms: Math.max(at_ms + HOLE_MS, chunk.to_ms) };
    return true;
  }

  async #pull(described: Described, at_ms: number): Promise<boolean> {
    const open = this.#transcode;
    const isFor = open && !open.isDone && at_ms >= open.from_ms - HOLE_MS && at_ms <= open.to_ms;
    // A jump forward within an open stream is read through only if it is short.
    const isNear = isFor && at_ms - (this.#lastEnd() ?? open.from_ms) < 15_000;
    if (!isFor || !isNear) {
      this.#closeTranscode();
      const abort = new AbortController();
      const made = await this.#footage.transcoded(described, at_ms, TRANSCODE_WIDTH, abort.signal);
      this.#transcode = { ...made, abort, head: new Uint8Array(0), isDone: false };
      if (this.#gone.signal.aborted) this.#closeTranscode();
      return true;
    }
    const { value, done } = await open.reader.read();
    if (done) {
      open.isDone = true;
      if (!this.#rangeAt(at_ms)) this.#skip = { from_ms: at_ms, to_ms: at_ms + 1_000 };
      return true;
    }
    let bytes: Uint8Array = value;
    if (open.head !== null) {
      const head = new Uint8Array(open.head.length + value.length);
      head.set(open.head);
      head.set(value, open.head.length);
      const codec = codecOfInit(head);
      if (codec === null) {
        open.head = head;
        return true;
      }
      open.head = null;
      const buffer = await this.#ensureBuffer(`video/mp4; codecs="${codec}"`, at_ms);
      if (buffer.updating) await settled(buffer);
      buffer.abort();
      buffer.timestampOffset = (open.from_ms - this.#base_ms) / 1000;
      bytes = head;
    }
    if (this.#buffer) await this.#append(this.#buffer, bytes);
    return true;
  }

  #lastEnd(): number | null {
    const { buffered } = this.#host.video;
    return buffered.length === 0 ? null : this.#wallOf(buffered.end(buffered.length - 1));
  }

  #closeTranscode(): void {
    this.#transcode?.abort.abort();
    this.#transcode = null;
  }

  // ---- Media Source ----

  async #ensureBuffer(mime: string, at_ms: number): Promise<SourceBuffer> {
    if (this.#buffer && this.#source?.readyState === "open" && at_ms > this.#base_ms) {
      if (mime !== this.#mime) {
        this.#buffer.changeType(mime);
        this.#mime = mime;
        this.#initFor = null;
      }
      return this.#buffer;
    }
    this.#closeSource();
    const source = new MediaSource();
    this.#source = source;
    this.#base_ms = Math.floor(at_ms / DAY_MS - BASE_DAYS) * DAY_MS;
    this.#objectUrl = URL.createObjectURL(source);
    const { video } = this.#host;
    video.src = this.#objectUrl;
    video.dataset.base = String(this.#base_ms);
    await new Promise<void>((resolve) =>
      source.addEventListener("sourceopen", () => resolve(), { once: true }),
    );
    const buffer = source.addSourceBuffer(mime);
    // Everything is seekable, whether buffered or not.
    source.duration = (BASE_DAYS * 10 * DAY_MS) / 1000;
    this.#buffer = buffer;
    this.#mime = mime;
    this.#initFor = null;
    return buffer;
  }

  #closeSource(): void {
    if (this.#objectUrl !== null) URL.revokeObjectURL(this.#objectUrl);
    this.#objectUrl = null;
    this.#source = null;
    this.#buffer = null;
    this.#frame = null;
    this.#filter.reset();
    this.#host.video.removeAttribute("src");
    this.#host.video.load();
  }

  async #append(buffer: SourceBuffer, bytes: Uint8Array): Promise<void> {
    await this.#evict(buffer, BEHIND_MS);
    try {
      buffer.appendBuffer(bytes as BufferSource);
    } catch (cause) {
      if (!(cause instanceof DOMException) || cause.name !== "QuotaExceededError") throw cause;
      await this.#evict(buffer, 2_000);
      buffer.appendBuffer(bytes as BufferSource);
    }
    await settled(buffer);
  }

  /** Keeps a little before and what may be played soon; the rest is read again when it is wanted again. */
  async #evict(buffer: SourceBuffer, behind_ms: number): Promise<void> {
    const from_s = (this.#target_ms - behind_ms - this.#base_ms) / 1000;
    const to_s = (this.#target_ms + MOST_AHEAD_MS + behind_ms - this.#base_ms) / 1000;
    const { buffered } = buffer;
    if (buffered.length === 0) return;
    const last = buffered.end(buffered.length - 1);
    if (buffered.start(0) < from_s - 10 && from_s > 0) {
      buffer.remove(0, from_s);
      await settled(buffer);
    }
    if (last > to_s + 10) {
      buffer.remove(to_s, last + 1);
      await settled(buffer);
    }
  }

  /** The buffered stretch around an instant, or one that begins within `slack_ms` after it. */
  #rangeAt(at_ms: number, slack_ms = ROUNDING_MS): { from_ms: number; to_ms: number } | null {
    const { buffered } = this.#host.video;
    if (this.#buffer === null) return null;
    const at_s = (at_ms - this.#base_ms) / 1000;
    for (let i = 0; i < buffered.length; i++) {
      if (at_s >= buffered.start(i) - slack_ms / 1000 && at_s < buffered.end(i)) {
        return { from_ms: this.#wallOf(buffered.start(i)), to_ms: this.#wallOf(buffered.end(i)) };
      }
    }
    return null;
  }

  // ---- what goes wrong ----

  #mediaError(): void {
    const { video } = this.#host;
    if (!video.hasAttribute("src") || video.error === null) return;
    // Claimed to be playable, and real bytes of it gave nothing: then the gateway must transcode.
    if (!this.#hasFrame && this.#way === "native") {
      this.#cannotDecode();
      return;
    }
    const message = video.error.message;
    this.#closeSource();
    this.#fail(new FootageError({ status: 200, code: "media", message }), this.#target_ms);
  }

  #cannotDecode(): void {
    rememberUndecodable(this.#mime);
    this.#way = "transcoded";
    this.#closeSource();
    this.#step?.abort();
    this.#wake();
  }

  #fail(cause: unknown, at_ms: number): void {
    const problem: RecordingProblem =
      cause instanceof FootageError
        ? cause.problem
        : { status: 200, code: "media", message: cause instanceof Error ? cause.message : String(cause) };
    this.#closeTranscode();
    this.#failure = { at_ms, perf: performance.now() };
    const kind =
      problem.code === "transcode_quota" ? "quota" : problem.code === "purpose_needed" ? "purpose" : "failed";
    this.#set({ kind, problem, gap: null });
  }
}
