/**
 * Single keyframe pictures: few requests at once for the whole screen, the newest wish of each asker wins, and a
 * small cache, so that moving the pointer back and forth costs nothing.
 */
import { type PictureAsk, pictureUrl, type Reason } from "../api/recordings";

export interface Picture {
  url: string;
  /** Wall time of the picture itself; null when the gateway did not say. */
  at_ms: number | null;
}

export type PictureAnswer =
  | { kind: "ok"; picture: Picture }
  | { kind: "aborted" }
  | { kind: "none"; status: number };

const AT_ONCE = 4;
const KEPT = 80;

export class Pictures {
  readonly #kept = new Map<string, Picture>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  destroy(): void {
    for (const { url } of this.#kept.values()) URL.revokeObjectURL(url);
    this.#kept.clear();
  }

  /** What is there already, at once. */
  peek(ask: PictureAsk): Picture | null {
    return this.#kept.get(keyOf(ask)) ?? null;
  }

  async get(ask: PictureAsk, reason: Reason | null, signal: AbortSignal): Promise<PictureAnswer> {
    const key = keyOf(ask);
    const kept = this.#kept.get(key);
    if (kept) {
      this.#keep(key, kept);
      return { kind: "ok", picture: kept };
    }
    await this.#turn();
    try {
      if (signal.aborted) return { kind: "aborted" };
      const response = await fetch(pictureUrl(ask, reason), {
        signal,
        credentials: "same-origin",
        cache: "no-store",
        headers: { "x-sharpeyes": "1" },
      });
      if (!response.ok) return { kind: "none", status: response.status };
      const wall = Number(response.headers.get("x-picture-ms"));
      const picture = { url: URL.createObjectURL(await response.blob()), at_ms: wall > 0 ? wall : null };
      this.#keep(key, picture);
      return { kind: "ok", picture };
    } catch {
      return signal.aborted ? { kind: "aborted" } : { kind: "none", status: 0 };
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }

  #keep(key: string, picture: Picture): void {
    this.#kept.delete(key);
    this.#kept.set(key, picture);
    if (this.#kept.size <= KEPT) return;
    const oldest = this.#kept.entries().next().value;
    if (!oldest) return;
    this.#kept.delete(oldest[0]);
    URL.revokeObjectURL(oldest[1].url);
  }
}

const keyOf = (ask: PictureAsk) => `${ask.camera}/${ask.stream}/${ask.width}/${Math.round(ask.at_ms)}`;
