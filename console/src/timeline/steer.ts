/** How a pane is kept in step with the clock: a small error by its rate, a large one by a jump. */

export const SPEEDS: readonly number[] = [0.5, 1, 2, 4, 8, 16];
/** What browsers accept. */
const FASTEST = 16;
const SLOWEST = 0.0625;
/** A small error is to be gone after so much real time. */
const HORIZON_MS = 500;
/** Never more than this share off the speed: people see pictures hurry. */
const MOST = 0.25;
/** Larger errors are jumped over, real time; a jump costs a moment of decoding from the last keyframe. */
const JUMP_MS = 350;
/** Below this it is the screen's own rhythm, not an error; real time. */
const QUIET_MS = 4;

export type Steering = { kind: "rate"; rate: number } | { kind: "jump" };

/** `error_ms`: wall time of the shown frame minus the clock's, positive when the pane is ahead. */
export function steer(error_ms: number, speed: number): Steering {
  // At double speed the same distance is gone in half the time.
  const real_ms = error_ms / speed;
  if (Math.abs(real_ms) > JUMP_MS) return { kind: "jump" };
  if (Math.abs(real_ms) < QUIET_MS) return { kind: "rate", rate: speed };
  const share = Math.min(MOST, Math.max(-MOST, -real_ms / HORIZON_MS));
  const rate = Math.min(FASTEST, Math.max(SLOWEST, speed * (1 + share)));
  return { kind: "rate", rate: Math.round(rate * 1_000) / 1_000 };
}

/** Smooths what single frames say: they come in the rhythm of the screen, up to one of its ticks early or late. */
export class ErrorFilter {
  #value_ms: number | null = null;

  push(error_ms: number): number {
    const before = this.#value_ms;
    // A jump in the error is news, not noise.
    this.#value_ms =
      before === null || Math.abs(error_ms - before) > 400 ? error_ms : before * 0.7 + error_ms * 0.3;
    return this.#value_ms;
  }

  get value_ms(): number | null {
    return this.#value_ms;
  }

  reset(): void {
    this.#value_ms = null;
  }
}
