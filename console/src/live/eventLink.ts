/**
 * The one live connection to the gateway: snapshot first, then every change after it, for ever.
 * It owns reconnecting and the position in the change log; it knows nothing of React and nothing of what is told.
 */
import { type SseEvent, SseParser } from "./sse";

/** Without a byte for this long the picture of the world is called stale (heartbeats come every 15 s). */
export const STALE_MS = 45_000;
const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

export type LinkPhase = "connecting" | "live" | "reconnecting";

export interface LinkState {
  phase: LinkPhase;
  /** When the last byte came; null before the first. */
  lastByteMs: number | null;
  /** Attempts that have failed since the last success. */
  failures: number;
}

/** What a snapshot must say besides itself: the position in the log that it is true at. */
interface Placed {
  as_of_seq: number;
}

export interface LinkHandlers<Snapshot extends Placed> {
  onState: (state: LinkState) => void;
  onSnapshot: (list: Snapshot) => void;
  /** What is told, and the position in the log that it was told at. */
  onEvent: (event: string, data: unknown, seq: number) => void;
  /** The session is over: reconnecting would not help. */
  onSignedOut: () => void;
}

export interface LinkSource<Snapshot extends Placed> {
  snapshot: (signal: AbortSignal) => Promise<Snapshot | "signed_out" | "failed">;
  open: (lastSeq: number, signal: AbortSignal) => Promise<Response>;
  now: () => number;
}

/** Opens a feed of the gateway after a position. */
export const openAt =
  (url: string) =>
  (lastSeq: number, signal: AbortSignal): Promise<Response> =>
    fetch(url, {
      headers: { accept: "text/event-stream", "Last-Event-ID": String(lastSeq) },
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });

export class EventLink<Snapshot extends Placed> {
  readonly #source: LinkSource<Snapshot>;
  readonly #handlers: LinkHandlers<Snapshot>;
  #stop = new AbortController();
  #state: LinkState = { phase: "connecting", lastByteMs: null, failures: 0 };
  #seq: number | null = null;
  #attempt: AbortController | null = null;
  #watchdog: ReturnType<typeof setInterval> | null = null;

  constructor(source: LinkSource<Snapshot>, handlers: LinkHandlers<Snapshot>) {
    this.#source = source;
    this.#handlers = handlers;
  }

  start(): void {
    this.#watchdog = setInterval(() => this.#watch(), 1_000);
    void this.#run();
  }

  stop(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#stop.abort();
    this.#attempt?.abort();
  }

  #set(change: Partial<LinkState>): void {
    this.#state = { ...this.#state, ...change };
    this.#handlers.onState(this.#state);
  }

  /** A half-open connection never errors by itself: cut it once it has been silent for too long. */
  #watch(): void {
    const last = this.#state.lastByteMs;
    if (this.#state.phase === "live" && last !== null && this.#source.now() - last > STALE_MS) {
      this.#attempt?.abort();
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#attempt = new AbortController();
      const outcome = await this.#once(this.#attempt.signal).catch(() => "failed" as const);
      // However it ended, the connection is not left behind.
      this.#attempt.abort();
      if (this.#stop.signal.aborted) return;
      if (outcome === "signed_out") {
        this.#handlers.onSignedOut();
        return;
      }
      const { failures, lastByteMs } = this.#state;
      this.#set({ phase: lastByteMs === null ? "connecting" : "reconnecting", failures: failures + 1 });
      const wait = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 30_000;
      await this.#pause(wait);
    }
  }

  async #once(signal: AbortSignal): Promise<"failed" | "signed_out"> {
    if (this.#seq === null) {
      const fetched = await this.#takeSnapshot(signal);
      if (fetched !== "ok") return fetched;
    }
    const response = await this.#source.open(this.#seq ?? 0, signal);
    if (response.status === 401) return "signed_out";
    if (!response.ok || !response.body) return "failed";
    this.#set({ phase: "live", lastByteMs: this.#source.now(), failures: 0 });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "failed";
      this.#set({ lastByteMs: this.#source.now() });
      for (const event of parser.push(value)) {
        const outcome = await this.#take(event, signal);
        // A snapshot that could not be had is taken again before anything else: what was missed is in no event.
        if (outcome !== "ok") return outcome;
      }
    }
  }

  async #take(event: SseEvent, signal: AbortSignal): Promise<"ok" | "failed" | "signed_out"> {
    if (event.event === "reset") {
      this.#seq = null;
      return this.#takeSnapshot(signal);
    }
    const seq = event.id === null || event.id === "" ? Number.NaN : Number(event.id);
    this.#handlers.onEvent(event.event, JSON.parse(event.data), seq);
    if (Number.isFinite(seq)) this.#seq = seq;
    return "ok";
  }

  async #takeSnapshot(signal: AbortSignal): Promise<"ok" | "failed" | "signed_out"> {
    const list = await this.#source.snapshot(signal);
    if (list === "failed" || list === "signed_out") return list;
    this.#seq = list.as_of_seq;
    this.#handlers.onSnapshot(list);
    return "ok";
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stop.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
