/** The picture under the pointer: asked for when the pointer rests, dropped when it moves on. */
import { useEffect, useState } from "react";
import type { Stream } from "../../api/recordings";
import type { Picture } from "../../media/Pictures";
import { PURPOSE_AFTER_MS } from "../../media/replay/PanePlayer";
import type { Replay } from "./useWall";

const REST_MS = 120;
const WIDTH = 240;

export interface ThumbnailWish {
  camera: string;
  /** On a grid as coarse as a pixel, so that small movements hit the cache. */
  at_ms: number;
}

export function useThumbnail(replay: Replay, wish: ThumbnailWish | null, stream: Stream): Picture | null {
  const [shown, setShown] = useState<{ camera: string; at_ms: number; picture: Picture | null } | null>(null);
  const camera = wish?.camera;
  const at_ms = wish?.at_ms;
  useEffect(() => {
    if (camera === undefined || at_ms === undefined) return;
    // Without a purpose older pictures would only be refused.
    if (at_ms < replay.now() - PURPOSE_AFTER_MS && replay.reason() === null) return;
    const ask = { camera, at_ms, stream, width: WIDTH };
    const kept = replay.pictures.peek(ask);
    if (kept) {
      setShown({ camera, at_ms, picture: kept });
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      void replay.pictures.get(ask, replay.reason(), abort.signal).then((answer) => {
        if (abort.signal.aborted) return;
        setShown({ camera, at_ms, picture: answer.kind === "ok" ? answer.picture : null });
      });
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [replay, camera, at_ms, stream]);
  // The last picture of the same camera stays until the next one is there: no flicker while moving.
  return wish !== null && shown?.camera === wish.camera ? shown.picture : null;
}
