/**
 * All panes and the clock that moves them. The clock waits for a pane that is not ready, or goes on without it after
 * a while, as the operator chose; where every pane is in a gap it goes on to the next footage and says so.
 */
import type { Stretch } from "../../api/recordings";
import { ReplayClock } from "../../timeline/clock";
import type { PanePlayer, Readiness } from "./PanePlayer";

export type LatePolicy = "wait" | "drop";

export type WallNotice =
  | { kind: "jumped"; over: Stretch; id: number }
  | { kind: "no_more"; at_ms: number; id: number }
  | { kind: "unreachable"; id: number };

export interface WallState {
  at_ms: number;
  playing: boolean;
  speed: number;
  /** Cameras that the clock has been waiting for longer than people put up with. */
  waitingFor: readonly string[];
  notice: WallNotice | null;
}

export interface WallHost {
  now: () => number;
  /** The first recorded instant after `at_ms` of any of these cameras; null when there is none. */
  nextFootage: (cameras: readonly string[], at_ms: number) => Promise<number | null>;
  onState: (state: WallState) => void;
}

/** A pane may hesitate so long without the others noticing. */
const GRACE_MS = 120;
export const PATIENCE_MS = 3_000;
const TELL_EVERY_MS = 100;
/** In a hidden tab no picture is asked for, but time goes on. */
const HIDDEN_TICK_MS = 250;

export class ReplayWall {
  readonly clock: ReplayClock;
  readonly #host: WallHost;
  readonly #panes = new Set<PanePlayer>();
  readonly #waitingSince = new Map<PanePlayer, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #frame = 0;
  #gone = false;
  #policy: LatePolicy = "wait";
  #isJumping = false;
  #notice: WallNotice | null = null;
  #notices = 0;
  #told = 0;
  #lastTick = 0;

  constructor(at_ms: number, host: WallHost) {
    this.clock = new ReplayClock(at_ms);
    this.#host = host;
    this.#timer = setInterval(() => {
      if (performance.now() - this.#lastTick > HIDDEN_TICK_MS) this.#tick();
    }, HIDDEN_TICK_MS);
    const run = () => {
      if (this.#gone) return;
      this.#tick();
      this.#frame = requestAnimationFrame(run);
    };
    this.#frame = requestAnimationFrame(run);
  }

  destroy(): void {
    this.#gone = true;
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
  }

  add(pane: PanePlayer): () => void {
    this.#panes.add(pane);
    return () => {
      this.#panes.delete(pane);
      this.#waitingSince.delete(pane);
    };
  }

  at(perf = performance.now()): number {
    return this.clock.at(perf);
  }

  get isPlaying(): boolean {
    return this.clock.isPlaying;
  }

  setPolicy(policy: LatePolicy): void {
    this.#policy = policy;
  }

  toggle(): void {
    if (this.clock.isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    this.clock.play(performance.now());
    this.#tell();
  }

  pause(): void {
    this.clock.pause(performance.now());
    this.#tell();
  }

  seek(at_ms: number): void {
    const latest = this.#host.now() - 1_000;
    this.clock.seek(performance.now(), Math.min(at_ms, latest));
    this.#isJumping = false;
    this.#tell();
  }

  skip(by_ms: number): void {
    this.seek(this.at() + by_ms);
  }

  /** One picture on or back, from the picture that the leading pane shows. */
  stepFrame(by: 1 | -1, leader: PanePlayer | undefined): void {
    this.pause();
    const frame_ms = leader?.state.frame_ms ?? 40;
    const at = this.at();
    const shown = leader?.frame_ms ?? null;
    // The shown picture is the truth unless the clock has moved elsewhere meanwhile.
    const from = shown !== null && Math.abs(shown - at) < frame_ms * 1.5 ? shown : at;
    this.seek(from + by * frame_ms + frame_ms * 0.25);
  }

  setSpeed(speed: number): void {
    this.clock.setSpeed(performance.now(), speed);
    this.#tell();
  }

  /** On to the next footage of cameras that have none here. */
  async jump(cameras: readonly string[]): Promise<void> {
    if (this.#isJumping) return;
    this.#isJumping = true;
    const from_ms = this.at();
    try {
      const next = await this.#host.nextFootage(cameras, from_ms);
      // Somebody went elsewhere in the meantime.
      if (this.#gone || !this.#isJumping) return;
      this.#notices += 1;
      if (next === null) {
        this.pause();
        this.#notice = { kind: "no_more", at_ms: from_ms, id: this.#notices };
      } else {
        this.clock.seek(performance.now(), next + 1);
        this.#notice = { kind: "jumped", over: { from_ms, to_ms: next }, id: this.#notices };
      }
    } catch {
      this.#notices += 1;
      this.pause();
      this.#notice = { kind: "unreachable", id: this.#notices };
    } finally {
      this.#isJumping = false;
      this.#tell();
    }
  }

  #tick(): void {
    const perf = performance.now();
    this.#lastTick = perf;
    const { clock } = this;
    const at_ms = clock.at(perf);
    const follow = { perf, speed: clock.speed, run: clock.isRunning, exact: !clock.isPlaying };
    const answers: Readiness[] = [];
    const inGap: string[] = [];
    let hold = this.#isJumping;
    for (const pane of this.#panes) {
      const answer = pane.follow(at_ms, follow);
      answers.push(answer);
      if (answer === "gap") inGap.push(pane.camera);
      if (this.#makesWait(pane, answer, perf)) hold = true;
    }
    if (at_ms > this.#host.now() - 500) hold = true;
    if (clock.isPlaying) {
      if (hold && !clock.isHeld) clock.hold(perf);
      if (!hold && clock.isHeld) clock.release(perf);
      const nothing = answers.length > 0 && answers.every((a) => a === "gap" || a === "out");
      if (nothing && inGap.length > 0) void this.jump(inGap);
    }
    if (perf - this.#told > TELL_EVERY_MS) this.#tell();
  }

  #makesWait(pane: PanePlayer, answer: Readiness, perf: number): boolean {
    if (answer !== "waiting") {
      this.#waitingSince.delete(pane);
      pane.setLate(false);
      return false;
    }
    const since = this.#waitingSince.get(pane) ?? perf;
    this.#waitingSince.set(pane, since);
    const isLate = this.#policy === "drop" && this.clock.isPlaying && perf - since > PATIENCE_MS;
    // At the edge of now nothing is late: the footage does not exist yet.
    pane.setLate(isLate && pane.state.kind !== "edge");
    return !(isLate && pane.state.kind !== "edge") && perf - since > GRACE_MS;
  }

  #tell(): void {
    if (this.#gone) return;
    const perf = performance.now();
    this.#told = perf;
    const slow = [...this.#waitingSince]
      .filter(([pane, since]) => perf - since > PATIENCE_MS && pane.state.kind !== "edge")
      .map(([pane]) => pane.camera);
    this.#host.onState({
      at_ms: this.at(perf),
      playing: this.clock.isPlaying,
      speed: this.clock.speed,
      waitingFor: slow,
      notice: this.#notice,
    });
  }
}
