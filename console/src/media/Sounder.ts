/**
 * The alarm tone. Browsers play nothing before a gesture, so it must be armed, and its state must be visible.
 * Red sounds until somebody claims it, orange and yellow once, blue never.
 */
import { LEVEL_TONES, LOST_TONE, lengthOf, samplesOf, TEST_TONE, type Tone } from "./tones";

export type SoundState =
  /** Nothing can be heard. `wanted`: it was on in this browser before the page was loaded again. */
  | { kind: "blocked"; wanted: boolean; refused: boolean }
  | { kind: "armed"; ringing: boolean }
  | { kind: "muted"; until_ms: number };

/** What this browser remembers. */
export interface SoundWish {
  wanted: boolean;
  /** Muted until then. */
  muted_ms: number;
}

const KEY = "sharpeyes.sound";
const REPEAT_S = 5;

export function wishOf(kept: string | null): SoundWish {
  try {
    const wish: unknown = JSON.parse(kept ?? "");
    if (typeof wish === "object" && wish !== null && "wanted" in wish && "muted_ms" in wish) {
      return { wanted: wish.wanted === true, muted_ms: Number(wish.muted_ms) || 0 };
    }
  } catch {
    // Nothing, or something of another release.
  }
  return { wanted: false, muted_ms: 0 };
}

export function stateOf(
  wish: SoundWish,
  playing: boolean,
  refused: boolean,
  alarming: boolean,
  now: number,
): SoundState {
  if (!playing) return { kind: "blocked", wanted: wish.wanted, refused };
  if (wish.muted_ms > now) return { kind: "muted", until_ms: wish.muted_ms };
  return { kind: "armed", ringing: alarming };
}

export class Sounder {
  #context: AudioContext | null = null;
  #ring: AudioBufferSourceNode | null = null;
  #unmute: ReturnType<typeof setTimeout> | null = null;
  #alarming = false;
  #refused = false;
  #wish = wishOf(localStorage.getItem(KEY));
  readonly #onState: (state: SoundState) => void;

  constructor(onState: (state: SoundState) => void) {
    this.#onState = onState;
  }

  state(): SoundState {
    const playing = this.#context?.state === "running";
    return stateOf(this.#wish, playing, this.#refused, this.#alarming, Date.now());
  }

  /** Call from a click: it plays the test tone. */
  async arm(): Promise<void> {
    const context = this.#context ?? new AudioContext();
    this.#context = context;
    context.onstatechange = () => this.#changed();
    await context.resume().catch(() => undefined);
    this.#refused = context.state !== "running";
    this.#remember({ wanted: true, muted_ms: 0 });
    this.#play(TEST_TONE);
  }

  /** Off by the operator's will: it is not asked for again after a reload. */
  async disarm(): Promise<void> {
    this.#remember({ wanted: false, muted_ms: 0 });
    await this.#context?.suspend();
  }

  mute(until_ms: number): void {
    this.#remember({ ...this.#wish, muted_ms: until_ms });
  }

  unmute(): void {
    this.#remember({ ...this.#wish, muted_ms: 0 });
    this.#play(TEST_TONE);
  }

  test(): void {
    this.#play(TEST_TONE);
  }

  /** All tones that mean a level, one after the other. */
  demonstrate(): void {
    let after_s = 0;
    for (const tone of Object.values(LEVEL_TONES)) {
      this.#play(tone, after_s);
      after_s += lengthOf(tone) + 0.6;
    }
  }

  destroy(): void {
    if (this.#unmute !== null) clearTimeout(this.#unmute);
    void this.#context?.close();
    this.#context = null;
  }

  /** One incident has come or has been raised. */
  announce(level: number): void {
    const tone = LEVEL_TONES[level];
    if (tone) this.#say(tone);
  }

  /** Something that no level says. */
  ring(tone: Tone): void {
    this.#say(tone);
  }

  /** What is on the screen is no longer live. */
  linkLost(): void {
    this.#say(LOST_TONE);
  }

  /** Whether an unclaimed red incident exists: sounds again and again until none does. */
  setAlarming(alarming: boolean): void {
    if (this.#alarming === alarming) return;
    this.#alarming = alarming;
    this.#changed();
  }

  #remember(wish: SoundWish): void {
    this.#wish = wish;
    localStorage.setItem(KEY, JSON.stringify(wish));
    this.#changed();
  }

  #changed(): void {
    if (this.#unmute !== null) clearTimeout(this.#unmute);
    const left = this.#wish.muted_ms - Date.now();
    this.#unmute = left > 0 ? setTimeout(() => this.#changed(), left + 50) : null;
    const state = this.state();
    this.#setRinging(state.kind === "armed" && state.ringing);
    this.#onState(state);
  }

  /**
   * The repeat is a loop of the sound itself, tone and silence: a timer would be slowed down to once a minute in a
   * window that is not in front.
   */
  #setRinging(ringing: boolean): void {
    if (!ringing) {
      this.#ring?.stop();
      this.#ring = null;
      return;
    }
    const tone = LEVEL_TONES[1];
    if (this.#ring || !this.#context || !tone) return;
    this.#ring = this.#source(this.#context, samplesOf(tone, this.#context.sampleRate, REPEAT_S));
    this.#ring.loop = true;
    this.#ring.start();
  }

  #say(tone: Tone): void {
    // The siren that runs anyway is not talked over.
    if (this.state().kind === "armed" && !this.#ring) this.#play(tone);
  }

  #play(tone: Tone, after_s = 0): void {
    const context = this.#context;
    if (context?.state !== "running") return;
    this.#source(context, samplesOf(tone, context.sampleRate)).start(context.currentTime + after_s);
  }

  #source(context: AudioContext, samples: Float32Array<ArrayBuffer>): AudioBufferSourceNode {
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    return source;
  }
}
