/** Ties a `ClipPlayer` to its elements and data; everything it decides is in the class. */
import { type RefObject, useEffect, useState } from "react";
import type { Clip, TraceFrame } from "../../api/types";
import { type ClipMarks, ClipPlayer, type ClipState } from "../../media/ClipPlayer";

export const IDLE: ClipState = {
  ready: false,
  playing: false,
  ended: false,
  position_s: 0,
  duration_s: 0,
  wall_ms: null,
  boxes: 0,
  failed: null,
};

interface Elements {
  video: RefObject<HTMLVideoElement | null>;
  canvas: RefObject<HTMLCanvasElement | null>;
}

export function usePlayer(
  { video, canvas }: Elements,
  clip: Clip | undefined,
  trace: TraceFrame[] | undefined,
  marks: ClipMarks,
): { player: ClipPlayer | null; state: ClipState } {
  const [player, setPlayer] = useState<ClipPlayer | null>(null);
  const [state, setState] = useState<ClipState>(IDLE);

  useEffect(() => {
    if (!video.current || !canvas.current) return;
    const made = new ClipPlayer(video.current, canvas.current, setState);
    setPlayer(made);
    return () => {
      made.destroy();
      setPlayer(null);
      setState(IDLE);
    };
  }, [video, canvas]);

  useEffect(() => {
    if (player && clip) player.setClip(clip);
  }, [player, clip]);
  useEffect(() => player?.setTrace(trace ?? []), [player, trace]);
  useEffect(() => player?.setMarks(marks), [player, marks]);
  return { player, state };
}
