/**
 * Tells the gateway whether an alarm would be heard at this console, so that a supervisor knows of one where it would
 * not: at once when that changes, and every few seconds. Nothing is queued: what is sent is how it is now.
 */
import type { ConsoleWord } from "../api/types";
import type { SoundState } from "../media/Sounder";

/** After a word that did not arrive. */
const AGAIN_MS = 5_000;

type Sound = Pick<ConsoleWord, "sound" | "until_ms">;

export interface BeatSource {
  /** `last`: the page is being closed, and nobody waits for the answer. Gives how long until the next; null: it did not arrive. */
  send: (word: ConsoleWord, last: boolean) => Promise<number | null>;
  /** Of a clock that nobody sets. */
  elapsed: () => number;
}

const KINDS: Record<SoundState["kind"], ConsoleWord["sound"]> = {
  armed: "armed",
  muted: "muted",
  blocked: "off",
};

function soundOf(state: SoundState): Sound {
  const sound = KINDS[state.kind];
  return state.kind === "muted" ? { sound, until_ms: state.until_ms } : { sound };
}

export class ConsoleBeat {
  readonly #source: BeatSource;
  readonly #console: string;
  #sound: Sound | null = null;
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Of an answer to an older word nothing follows. */
  #turn = 0;

  constructor(console: string, source: BeatSource) {
    this.#console = console;
    this.#source = source;
  }

  /** How the sound is now; null: this page is no console any more. */
  set(state: SoundState | null): void {
    const sound = state === null ? null : soundOf(state);
    if (sound?.sound === this.#sound?.sound && sound?.until_ms === this.#sound?.until_ms) return;
    if (sound?.sound !== this.#sound?.sound) this.#since = this.#source.elapsed();
    this.#sound = sound;
    if (sound === null) this.#close();
    else void this.#beat();
  }

  /** The page is being closed. It may come back out of the browser's memory: see `resume`. */
  close(): void {
    if (this.#sound !== null) this.#close();
  }

  resume(): void {
    if (this.#sound !== null) void this.#beat();
  }

  #close(): void {
    this.#turn += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    void this.#source.send({ console: this.#console, sound: "closed" }, true);
  }

  async #beat(): Promise<void> {
    if (this.#sound === null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    const for_ms = Math.max(0, Math.round(this.#source.elapsed() - this.#since));
    const again = await this.#source.send({ console: this.#console, ...this.#sound, for_ms }, false);
    if (turn !== this.#turn) return;
    this.#timer = setTimeout(() => void this.#beat(), again ?? AGAIN_MS);
  }
}

/** A name for this page that no other has. `randomUUID` exists only on https. */
export function consoleName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
