/**
 * A clip that the gateway re-codes while it is read: fragmented MP4 without ranges, put into a buffer in which a player
 * can go back and forth. What has not come yet is waited for.
 */
import { problemOf } from "../api/client";

/** Why nothing more comes: all transcoders are in use, or what came was of no use. */
export type RecodedFault = "quota" | "media";

export class Recoded {
  readonly #gone = new AbortController();
  readonly #address: string;

  constructor(
    video: HTMLVideoElement,
    url: string,
    duration_s: number,
    onFault: (fault: RecodedFault) => void,
  ) {
    const source = new MediaSource();
    this.#address = URL.createObjectURL(source);
    source.addEventListener(
      "sourceopen",
      () => {
        this.#fill(source, url, duration_s).catch((cause) => {
          if (!this.#gone.signal.aborted) onFault(cause instanceof InUse ? "quota" : "media");
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

  async #fill(source: MediaSource, url: string, duration_s: number): Promise<void> {
    const { signal } = this.#gone;
    const headers = { "x-sharpeyes": "1" };
    const response = await fetch(url, { signal, headers, credentials: "same-origin", cache: "no-store" });
    if (!response.ok) {
      const { code, message } = await problemOf(response);
      throw code === "transcode_quota" ? new InUse(message) : new Error(message);
    }
    const buffer = source.addSourceBuffer(response.headers.get("content-type") ?? "");
    source.duration = duration_s;
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece?.value && !piece.done; piece = await reader?.read()) {
      buffer.appendBuffer(piece.value);
      await new Promise((resolve) => buffer.addEventListener("updateend", resolve, { once: true }));
    }
    if (source.readyState === "open") source.endOfStream();
  }
}

class InUse extends Error {}
