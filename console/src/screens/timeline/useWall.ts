/** The wall and its clock for as long as the page is open; components read its state without re-rendering the page. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { need } from "../../api/client";
import { type Reason, recordings, type Stream } from "../../api/recordings";
import { Pictures } from "../../media/Pictures";
import { ReplayWall, type WallState } from "../../media/replay/ReplayWall";
import { nextRecorded } from "../../timeline/bands";
import { DAY, HOUR } from "../../timeline/scale";

export class WallStore {
  #state: WallState;
  readonly #listeners = new Set<() => void>();
  constructor(at_ms: number) {
    this.#state = { at_ms, playing: false, speed: 1, waitingFor: [], notice: null };
  }
  readonly view = () => this.#state;
  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  set(state: WallState): void {
    const before = this.#state;
    const isSame =
      before.at_ms === state.at_ms &&
      before.playing === state.playing &&
      before.speed === state.speed &&
      before.notice === state.notice &&
      before.waitingFor.join() === state.waitingFor.join();
    if (isSame) return;
    this.#state = state;
    for (const tell of this.#listeners) tell();
  }
}

export interface Replay {
  wall: ReplayWall;
  store: WallStore;
  pictures: Pictures;
  /** The gateway's time; its clock and this computer's may differ. */
  now: () => number;
  reason: () => Reason | null;
}

/** Ever wider looks for the next footage. */
const LOOKS_MS = [HOUR, DAY, 400 * DAY];

async function nextFootage(cameras: readonly string[], stream: Stream, at_ms: number, now_ms: number) {
  for (const look of LOOKS_MS) {
    const to_ms = Math.min(at_ms + look, now_ms);
    if (to_ms - at_ms < 1_000) return null;
    const timeline = await need(recordings.timeline({ cameras, from_ms: at_ms, to_ms, bins: 2_000, stream }));
    const found = nextRecorded(timeline.rows, at_ms);
    // What already runs here is no way on: the panes could not show it.
    if (found !== null && found > at_ms + 1) return found;
    if (to_ms >= now_ms) return null;
  }
  return null;
}

export function useReplay(
  start_ms: number,
  skew_ms: number,
  stream: Stream,
  reason: Reason | null,
): Replay | null {
  const latest = useRef({ skew_ms, stream, reason });
  latest.current = { skew_ms, stream, reason };
  const first = useRef(start_ms);
  const [replay, setReplay] = useState<Replay | null>(null);
  useEffect(() => {
    const store = new WallStore(first.current);
    const pictures = new Pictures();
    const now = () => Date.now() + latest.current.skew_ms;
    const wall = new ReplayWall(first.current, {
      now,
      nextFootage: (cameras, at) => nextFootage(cameras, latest.current.stream, at, now()),
      onState: (state) => store.set(state),
    });
    setReplay({ wall, store, pictures, now, reason: () => latest.current.reason });
    return () => {
      first.current = wall.at();
      wall.destroy();
      pictures.destroy();
      setReplay(null);
    };
  }, []);
  return replay;
}

export function useWallState<T>(store: WallStore, pick: (state: WallState) => T): T {
  const chosen = useMemo(() => () => pick(store.view()), [store, pick]);
  return useSyncExternalStore(store.subscribe, chosen);
}
