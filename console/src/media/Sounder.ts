/**
 * The alarm tone. Browsers play nothing before a gesture, so it must be armed, and its state must be visible.
 * Red sounds until somebody claims it, orange once.
 */
export type SoundState = "off" | "armed";

const REPEAT_MS = 5_000;

export class Sounder {
  #context: AudioContext | null = null;
  #repeat: ReturnType<typeof setInterval> | null = null;
  #alarming = false;
  readonly #onState: (state: SoundState) => void;

  constructor(onState: (state: SoundState) => void) {
    this.#onState = onState;
  }

  /** Call from a click: it plays the test tone. */
  async arm(): Promise<void> {
    const context = this.#context ?? new AudioContext();
    this.#context = context;
    context.onstatechange = () => this.#tell();
    await context.resume();
    this.#tell();
    this.#tone([660, 880], 0.12);
    this.#beat();
  }

  async disarm(): Promise<void> {
    await this.#context?.suspend();
    this.#tell();
  }

  destroy(): void {
    if (this.#repeat !== null) clearInterval(this.#repeat);
    void this.#context?.close();
    this.#context = null;
  }

  /** One incident has come or has been raised. */
  announce(level: number): void {
    if (level === 1) this.#tone([988, 740, 988, 740], 0.16);
    else if (level === 2) this.#tone([784, 784], 0.18);
  }

  /** Whether an unclaimed red incident exists: sounds again and again until none does. */
  setAlarming(alarming: boolean): void {
    if (this.#alarming === alarming) return;
    this.#alarming = alarming;
    this.#beat();
  }

  #beat(): void {
    if (this.#repeat !== null) clearInterval(this.#repeat);
    this.#repeat = this.#alarming ? setInterval(() => this.announce(1), REPEAT_MS) : null;
  }

  #tell(): void {
    this.#onState(this.#context?.state === "running" ? "armed" : "off");
  }

  #tone(notes: readonly number[], each_s: number): void {
    const context = this.#context;
    if (context?.state !== "running") return;
    notes.forEach((hertz, i) => {
      const begin = context.currentTime + i * (each_s + 0.03);
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.type = "triangle";
      oscillator.frequency.value = hertz;
      // A short ramp: a hard edge clicks in the speaker.
      gain.gain.setValueAtTime(0, begin);
      gain.gain.linearRampToValueAtTime(0.35, begin + 0.01);
      gain.gain.setValueAtTime(0.35, begin + each_s - 0.03);
      gain.gain.linearRampToValueAtTime(0, begin + each_s);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(begin);
      oscillator.stop(begin + each_s);
    });
  }
}
