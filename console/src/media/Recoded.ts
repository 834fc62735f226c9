/**
 * A clip that the gateway re-codes while it is read: fragmented MP4 without ranges, put into a buffer in which a player
 * can go back and forth. What has not come yet is waited for.
 */
import { FootageError, request } from "./replay/Footage";
import { settled } from "./settled";

/** Why nothing more comes: all transcoders are in use, or what came was of no use. */
export type RecodedFault = "quota" | "media";

/** Nothing is read that is played later than this: a browser's buffer is finite. */
const AHEAD_S = 60;
/** What is kept of what was played when the buffer is full. */
const BEHIND_S = 30;
const LOOK_MS = 500;

export class Recoded {
  readonly #gone = new AbortController();
  readonly #video: HTMLVideoElement;
  readonly #address: string;

  constructor(
    video: HTMLVideoElement,
    url: string,
    duration_s: number,
    onFault: (fault: RecodedFault) => void,
  ) {
    const source = new MediaSource();
    this.#video = video;
    this.#address = URL.createObjectURL(source);
    source.addEventListener(
      "sourceopen",
      () => {
        this.#fill(source, url, duration_s).catch((cause) => {
          if (this.#gone.signal.aborted) return;
          const isRefused = cause instanceof FootageError && cause.problem.code === "transcode_quota";
          onFault(isRefused ? "quota" : "media");
        });
      },
      { once: true },
    );
    video.src = this.#address;
  }

  destroy(): void {
    this.#gone.abort();
    URL.revokeObjectURL(this.#address);
  }

  /** Whether the picture at this position is there or still to come. */
  reaches(position_s: number): boolean {
    const { buffered } = this.#video;
    return buffered.length === 0 || position_s >= buffered.start(0);
  }

  async #fill(source: MediaSource, url: string, duration_s: number): Promise<void> {
    const { signal } = this.#gone;
    const response = await request(url, signal, {});
    const buffer = source.addSourceBuffer(response.headers.get("content-type") ?? "");
    source.duration = duration_s;
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece?.value && !piece.done; piece = await reader?.read()) {
      await this.#append(buffer, piece.value);
      while (this.#ahead(buffer) > AHEAD_S) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    }
    if (source.readyState === "open") source.endOfStream();
  }

  async #append(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      buffer.appendBuffer(bytes);
    } catch (cause) {
      const played_s = this.#video.currentTime - BEHIND_S;
      const isFull = cause instanceof DOMException && cause.name === "QuotaExceededError";
      if (!isFull || played_s <= 0) throw cause;
      buffer.remove(0, played_s);
      await settled(buffer);
      buffer.appendBuffer(bytes);
    }
    await settled(buffer);
  }

  #ahead({ buffered }: SourceBuffer): number {
    return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - this.#video.currentTime;
  }
}
