/**
 * Plays an incident's clip and draws the boxes in step with the picture: the frame's own media time becomes wall
 * time through the clip's spans, wall time finds the boxes in the trace. A plain class: React only shows its state.
 */
import type { Clip, Line, TraceBox, TraceFrame, Zone } from "../api/types";
import { isUndecodable, rememberUndecodable } from "./codec";
import { drawOverlay } from "./overlay";
import { Recoded, type RecodedFault } from "./Recoded";
import { request } from "./replay/Footage";
import { wallAt } from "./spans";
import { boxesAt } from "./trace";

export interface ClipState {
  ready: boolean;
  playing: boolean;
  ended: boolean;
  position_s: number;
  duration_s: number;
  wall_ms: number | null;
  boxes: number;
  /** All transcoders are in use, or there is no playing it at all. */
  failed: RecodedFault | null;
}

export interface ClipMarks {
  zones: readonly Zone[];
  alarmZone?: string;
  lines: readonly Line[];
  alarmLine?: string;
  alarmTracks: ReadonlySet<number>;
  label: (box: TraceBox) => string;
}

/** Playing begins so long before the alarm: enough to see it come, short enough for an operator. */
const LEAD_S = 6;
/** Our own place is free in a moment, when we have just left another clip; that of others in a while. */
const SOON_MS = 300;
const QUOTA_RETRY_MS = 5_000;
/** A longer version of a clip still being recorded is taken when this little is left to play. */
const REFILL_S = 2;
const NO_MARKS: ClipMarks = { zones: [], lines: [], alarmTracks: new Set(), label: () => "" };

export class ClipPlayer {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #onState: (state: ClipState) => void;
  readonly #gone = new AbortController();
  readonly #resize: ResizeObserver;
  #clip: Clip | null = null;
  /** A newer version of the clip, waiting until taking it does not disturb. */
  #longer: Clip | null = null;
  #trace: readonly TraceFrame[] = [];
  #marks: ClipMarks = NO_MARKS;
  #boxesShown = true;
  #frame_s = 1 / 25;
  #media_s = 0;
  #lastMedia_s: number | null = null;
  #boxCount = 0;
  #failed: ClipState["failed"] = null;
  #wantsPlay = true;
  /** A longer version takes a moment to load; the picture before it stays in sight meanwhile. */
  #hasShown = false;
  /** The clip comes re-coded, because this browser cannot play it as it was recorded. */
  #recoded: Recoded | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #refusals = 0;
  /** Ends with the clip that is loaded. */
  #loading = new AbortController();

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, onState: (state: ClipState) => void) {
    this.#video = video;
    this.#canvas = canvas;
    this.#onState = onState;
    const { signal } = this.#gone;
    for (const name of ["play", "pause", "ended", "timeupdate", "loadeddata"] as const) {
      video.addEventListener(name, () => this.#tell(), { signal });
    }
    video.addEventListener("ended", () => this.#atEnd(), { signal });
    video.addEventListener("timeupdate", () => this.#refill(), { signal });
    video.addEventListener("seeked", () => this.#draw(video.currentTime), { signal });
    video.addEventListener("error", () => this.#mediaError(), { signal });
    this.#resize = new ResizeObserver(() => this.#draw(this.#media_s));
    this.#resize.observe(canvas);
    this.#watchFrames();
  }

  destroy(): void {
    this.#gone.abort();
    this.#loading.abort();
    clearTimeout(this.#retry);
    this.#recoded?.destroy();
    this.#resize.disconnect();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  setClip(clip: Clip): void {
    const current = this.#clip;
    if (this.#failed === "quota") {
      // It is on its way as soon as there is a place.
      this.#clip = clip;
      return;
    }
    if (current === null || this.#failed !== null) {
      this.#load(clip, Math.max(0, clip.alarm_begin_offset_s - LEAD_S), true);
      return;
    }
    if (clip.end_ms === current.end_ms && clip.start_ms === current.start_ms) return;
    this.#longer = clip;
    if (this.#video.ended) this.#atEnd();
  }

  setTrace(trace: readonly TraceFrame[]): void {
    this.#trace = [...trace].sort((a, b) => a.wall_ms - b.wall_ms);
    this.#draw(this.#media_s);
  }

  setMarks(marks: ClipMarks): void {
    this.#marks = marks;
    this.#draw(this.#media_s);
  }

  showBoxes(shown: boolean): void {
    this.#boxesShown = shown;
    this.#draw(this.#media_s);
  }

  setRate(rate: number): void {
    this.#video.playbackRate = rate;
  }

  toggle(): void {
    if (this.#video.paused || this.#video.ended) this.play();
    else this.pause();
  }

  play(): void {
    this.#wantsPlay = true;
    if (this.#video.ended && this.#longer) {
      this.#takeLonger();
      return;
    }
    // A refused autoplay shows as paused; the play button is then the gesture.
    this.#video.play().catch(() => this.#tell());
  }

  pause(): void {
    this.#wantsPlay = false;
    this.#video.pause();
  }

  seek(position_s: number): void {
    const end = Number.isFinite(this.#video.duration) ? this.#video.duration : position_s;
    const to_s = Math.min(Math.max(0, position_s), end);
    // The browser has let go of what was played long ago.
    if (this.#clip && this.#recoded && !this.#recoded.reaches(to_s))
      this.#load(this.#clip, to_s, this.#wantsPlay);
    else this.#video.currentTime = to_s;
  }

  skip(by_s: number): void {
    this.seek(this.#video.currentTime + by_s);
  }

  /** One picture on or back; the distance is measured while playing. */
  stepFrame(by: 1 | -1): void {
    this.pause();
    this.seek(this.#video.currentTime + by * this.#frame_s);
  }

  toAlarm(): void {
    if (this.#clip) this.seek(this.#clip.alarm_begin_offset_s);
  }

  #load(clip: Clip, position_s: number, play: boolean): void {
    const isRetry = this.#failed === "quota";
    this.#clip = clip;
    this.#longer = null;
    clearTimeout(this.#retry);
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#recoded?.destroy();
    this.#recoded = null;
    this.#wantsPlay = play;
    const rate = this.#video.playbackRate;
    if (this.#canPlay(clip)) {
      // The address names the exact stretch, so a longer version is another one and never comes from a cache.
      this.#video.src = clip.url;
    } else {
      this.#recoded = new Recoded(this.#video, clip.h264, clip.duration_s, (fault) => {
        this.#fail(fault);
        if (fault === "quota") this.#askAgain(position_s);
      });
    }
    // Who waits for a place goes on reading that, until there is one.
    if (!isRetry) this.#failed = null;
    this.#video.addEventListener(
      "loadedmetadata",
      () => {
        this.#failed = null;
        this.#refusals = 0;
        this.#video.playbackRate = rate;
        if (position_s > 0) this.seek(position_s);
        if (this.#wantsPlay) this.play();
      },
      { once: true, signal: this.#loading.signal },
    );
    this.#tell();
  }

  #askAgain(position_s: number): void {
    this.#refusals += 1;
    const wait_ms = this.#refusals === 1 ? SOON_MS : QUOTA_RETRY_MS;
    this.#retry = setTimeout(() => {
      if (this.#clip) this.#load(this.#clip, position_s, this.#wantsPlay);
    }, wait_ms);
  }

  #takeLonger(): void {
    const longer = this.#longer;
    if (!longer) return;
    this.#load(longer, this.#video.currentTime, this.#wantsPlay);
  }

  /** One that is re-coded begins anew each time: not while it still grows, unless somebody asks for it. */
  #atEnd(): void {
    if (!this.#recoded || this.#longer?.pending === false) this.#takeLonger();
  }

  #refill(): void {
    if (this.#recoded) return;
    if (this.#longer && this.#video.duration - this.#video.currentTime < REFILL_S) this.#takeLonger();
  }

  #watchFrames(): void {
    const seen = (_now: number, frame: VideoFrameCallbackMetadata) => {
      if (this.#gone.signal.aborted) return;
      this.#measure(frame.mediaTime);
      this.#draw(frame.mediaTime);
      this.#video.requestVideoFrameCallback(seen);
    };
    this.#video.requestVideoFrameCallback(seen);
  }

  #measure(media_s: number): void {
    const gap = this.#lastMedia_s === null ? 0 : media_s - this.#lastMedia_s;
    // Slow machines skip pictures: only the shortest distance is one frame.
    if (gap > 0.005 && gap < 0.5 && !this.#video.paused) {
      this.#frame_s = gap < this.#frame_s ? gap : this.#frame_s * 0.98 + gap * 0.02;
    }
    this.#lastMedia_s = media_s;
  }

  #draw(media_s: number): void {
    this.#media_s = media_s;
    const wall = this.#clip ? wallAt(this.#clip.spans, media_s) : null;
    const boxes = wall === null || !this.#boxesShown ? [] : boxesAt(this.#trace, wall);
    this.#boxCount = boxes.length;
    drawOverlay(this.#canvas, this.#video, {
      ...this.#marks,
      zones: this.#boxesShown ? this.#marks.zones : [],
      lines: this.#boxesShown ? this.#marks.lines : [],
      boxes,
    });
    this.#tell();
  }

  #canPlay({ mime }: Clip): boolean {
    return mime === "" || (!isUndecodable(mime) && this.#video.canPlayType(mime) !== "");
  }

  #mediaError(): void {
    const clip = this.#clip;
    const { error } = this.#video;
    // Emptying `src` on destroy also fires an error.
    if (!clip || !error || !this.#video.hasAttribute("src")) return;
    if (this.#recoded || this.#hasShown || clip.mime === "") this.#fail("media");
    else if (error.code === MediaError.MEDIA_ERR_DECODE) this.#recode(clip);
    else void this.#judge(clip, this.#loading.signal);
  }

  /** The browser says the same of a coding that it does not have and of a gateway that did not answer. */
  async #judge(clip: Clip, signal: AbortSignal): Promise<void> {
    const response = await request(clip.url, signal, { range: "bytes=0-0" }).catch(() => null);
    if (signal.aborted) return;
    if (response) this.#recode(clip);
    else this.#fail("media");
  }

  /** Claimed to be playable, and real bytes of it gave nothing: then the gateway re-codes it. */
  #recode(clip: Clip): void {
    rememberUndecodable(clip.mime);
    this.#load(clip, Math.max(0, clip.alarm_begin_offset_s - LEAD_S), this.#wantsPlay);
  }

  #fail(how: RecodedFault): void {
    this.#failed = how;
    this.#tell();
  }

  #tell(): void {
    if (this.#gone.signal.aborted) return;
    const video = this.#video;
    this.#hasShown ||= video.readyState >= 2;
    this.#onState({
      ready: this.#hasShown,
      playing: !video.paused && !video.ended,
      ended: video.ended,
      position_s: this.#media_s,
      duration_s: Number.isFinite(video.duration) ? video.duration : (this.#clip?.duration_s ?? 0),
      wall_ms: this.#clip ? wallAt(this.#clip.spans, this.#media_s) : null,
      boxes: this.#boxCount,
      failed: this.#failed,
    });
  }
}
