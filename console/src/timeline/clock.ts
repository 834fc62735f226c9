/** The one clock that moves all panes. Real time is an argument (`performance.now()`), so tests need not wait. */

export class ReplayClock {
  #wall_ms: number;
  #since = 0;
  #speed = 1;
  #playing = false;
  #held = false;

  constructor(wall_ms: number) {
    this.#wall_ms = wall_ms;
  }

  /** Somebody wants it to run; it may still be held. */
  get isPlaying(): boolean {
    return this.#playing;
  }

  /** It really runs. */
  get isRunning(): boolean {
    return this.#playing && !this.#held;
  }

  get isHeld(): boolean {
    return this.#held;
  }

  get speed(): number {
    return this.#speed;
  }

  at(now: number): number {
    return this.isRunning ? this.#wall_ms + Math.max(0, now - this.#since) * this.#speed : this.#wall_ms;
  }

  #settle(now: number): void {
    this.#wall_ms = this.at(now);
    this.#since = now;
  }

  play(now: number): void {
    this.#settle(now);
    this.#playing = true;
  }

  pause(now: number): void {
    this.#settle(now);
    this.#playing = false;
  }

  /** Stands still for a pane that is not ready. */
  hold(now: number): void {
    this.#settle(now);
    this.#held = true;
  }

  release(now: number): void {
    this.#settle(now);
    this.#held = false;
  }

  setSpeed(now: number, speed: number): void {
    this.#settle(now);
    this.#speed = speed;
  }

  seek(now: number, wall_ms: number): void {
    this.#settle(now);
    this.#wall_ms = wall_ms;
  }
}
