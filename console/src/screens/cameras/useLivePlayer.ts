/** Ties a `LivePlayer` to its video element for as long as one stream is shown. */
import { type RefObject, useEffect, useState } from "react";
import { liveUrl } from "../../api/client";
import { LivePlayer, type LiveState } from "../../media/LivePlayer";

/** How long a note about left-out pictures stays. */
const LAG_NOTE_MS = 4_000;

export function useLivePlayer(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  stream: "main" | "sub",
) {
  const [state, setState] = useState<LiveState>({ kind: "connecting" });
  const [lagged, setLagged] = useState(0);

  useEffect(() => {
    if (!video.current) return;
    setLagged(0);
    let note: ReturnType<typeof setTimeout> | undefined;
    const player = new LivePlayer(video.current, liveUrl(camera, stream), {
      onState: setState,
      onLagged: (dropped) => {
        setLagged((before) => before + dropped);
        clearTimeout(note);
        note = setTimeout(() => setLagged(0), LAG_NOTE_MS);
      },
    });
    return () => {
      clearTimeout(note);
      player.destroy();
    };
  }, [video, camera, stream]);
  return { state, lagged };
}
