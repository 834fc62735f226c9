/**
 * Plays one camera live: fragments from the WebSocket into Media Source, kept near the live edge.
 * It owns the socket, the buffer and reconnecting; the page only shows its state.
 */
import type { LiveEnd, LiveMessage } from "../api/types";

export type LiveState =
  | { kind: "connecting" | "reconnecting" | "waiting" | "no_mse" }
  | { kind: "playing"; behind_s: number; width: number; height: number }
  | { kind: "unsupported"; mime: string }
  | { kind: "ended"; reason: LiveEnd };

export interface LiveHandlers {
  onState: (state: LiveState) => void;
  onLagged: (dropped: number) => void;
}

const TICK_MS = 250;
/** More than this behind: jump to the edge instead of catching up. */
const JUMP_S = 1.8;
/** Never nearer to the edge than this: fragments come one by one. */
const NEAREST_S = 0.25;
const KEEP_S = 8;
const TRIM_AT_S = 20;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** So many bytes waiting for the buffer mean that this computer cannot keep up: start again at the edge. */
const QUEUE_LIMIT = 300;

export class LivePlayer {
  readonly #video: HTMLVideoElement;
  readonly #url: string;
  readonly #handlers: LiveHandlers;
  #socket: WebSocket | null = null;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #objectUrl: string | null = null;
  #queue: ArrayBuffer[] = [];
  #size = { width: 0, height: 0 };
  #gone = false;
  #final = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  readonly #ticker: ReturnType<typeof setInterval>;
  #lastAppendMs = 0;
  #interval_s = 0.1;
  /** The camera is away: the last picture must not pass for a live one. */
  #interrupted = false;

  constructor(video: HTMLVideoElement, url: string, handlers: LiveHandlers) {
    this.#video = video;
    this.#url = url;
    this.#handlers = handlers;
    this.#ticker = setInterval(() => this.#keepUp(), TICK_MS);
    if (typeof MediaSource === "undefined") this.#finish({ kind: "no_mse" });
    else this.#connect();
  }

  destroy(): void {
    this.#gone = true;
    clearInterval(this.#ticker);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket?.close();
    this.#dropSource();
  }

  #state(state: LiveState): void {
    if (!this.#gone) this.#handlers.onState(state);
  }

  #finish(state: LiveState): void {
    this.#final = true;
    this.#socket?.close();
    this.#state(state);
  }

  #connect(): void {
    if (this.#gone) return;
    this.#state({ kind: this.#failures === 0 ? "connecting" : "reconnecting" });
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onmessage = (message: MessageEvent<string | ArrayBuffer>) => {
      if (typeof message.data === "string") this.#control(JSON.parse(message.data) as LiveMessage);
      else this.#media(message.data);
    };
    socket.onclose = () => this.#again();
  }

  #again(): void {
    if (this.#gone || this.#final) return;
    const wait = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 10_000;
    this.#failures += 1;
    this.#state({ kind: "reconnecting" });
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #control(message: LiveMessage): void {
    switch (message.type) {
      case "init":
        this.#begin(message.mime, message.width, message.height);
        return;
      case "lagged":
        this.#handlers.onLagged(message.dropped);
        return;
      case "interrupted":
        this.#state({ kind: "waiting" });
        this.#interrupted = true;
        return;
      case "end":
        this.#finish({ kind: "ended", reason: message.reason });
        return;
    }
  }

  #begin(mime: string, width: number, height: number): void {
    this.#failures = 0;
    this.#size = { width, height };
    if (!MediaSource.isTypeSupported(mime)) {
      this.#finish({ kind: "unsupported", mime });
      return;
    }
    this.#dropSource();
    this.#state({ kind: "waiting" });
    const source = new MediaSource();
    this.#source = source;
    this.#objectUrl = URL.createObjectURL(source);
    this.#video.src = this.#objectUrl;
    source.addEventListener(
      "sourceopen",
      () => {
        if (this.#source !== source) return;
        this.#buffer = source.addSourceBuffer(mime);
        this.#buffer.addEventListener("updateend", () => this.#pump());
        this.#pump();
      },
      { once: true },
    );
  }

  #dropSource(): void {
    this.#queue = [];
    this.#buffer = null;
    this.#source = null;
    this.#lastAppendMs = 0;
    if (this.#objectUrl !== null) URL.revokeObjectURL(this.#objectUrl);
    this.#objectUrl = null;
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #media(bytes: ArrayBuffer): void {
    if (this.#queue.length > QUEUE_LIMIT) {
      this.#socket?.close();
      return;
    }
    const now = performance.now();
    if (this.#lastAppendMs > 0) {
      this.#interval_s = this.#interval_s * 0.9 + ((now - this.#lastAppendMs) / 1000) * 0.1;
    }
    this.#lastAppendMs = now;
    this.#interrupted = false;
    this.#queue.push(bytes);
    this.#pump();
  }

  #pump(): void {
    const buffer = this.#buffer;
    const source = this.#source;
    if (!buffer || !source || source.readyState !== "open" || buffer.updating) return;
    if (this.#trim(buffer)) return;
    const next = this.#queue.shift();
    if (!next) return;
    try {
      buffer.appendBuffer(next);
    } catch {
      // A full or broken buffer: a new session begins at the live edge.
      this.#socket?.close();
    }
  }

  #trim(buffer: SourceBuffer): boolean {
    if (buffer.buffered.length === 0) return false;
    const start = buffer.buffered.start(0);
    const keepFrom = this.#video.currentTime - KEEP_S;
    if (keepFrom - start < TRIM_AT_S - KEEP_S) return false;
    buffer.remove(start, keepFrom);
    return true;
  }

  /** Stays as near to the edge as the rhythm of the fragments allows, and never further than the limit. */
  #keepUp(): void {
    const buffer = this.#buffer;
    const video = this.#video;
    if (!buffer || this.#final || this.#source?.readyState !== "open" || buffer.buffered.length === 0) return;
    const last = buffer.buffered.length - 1;
    const edge = buffer.buffered.end(last);
    const target = Math.min(Math.max(NEAREST_S, this.#interval_s * 1.5), JUMP_S * 0.6);
    const behind = edge - video.currentTime;
    if (video.currentTime < buffer.buffered.start(last) || behind > JUMP_S) {
      video.currentTime = Math.max(buffer.buffered.start(last), edge - target);
    }
    video.playbackRate = behind > target * 1.5 + 0.2 ? 1.08 : 1;
    if (video.paused && document.visibilityState === "visible") void video.play().catch(() => undefined);
    if (video.readyState >= 2 && !this.#interrupted) {
      this.#state({ kind: "playing", behind_s: Math.max(0, edge - video.currentTime), ...this.#size });
    }
  }
}
