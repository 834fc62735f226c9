/** Keeps the address in step with the screen, so that it can be copied, reloaded and gone back to. */
import { type RefObject, useEffect, useRef } from "react";
import type { Stream } from "../../api/recordings";
import { type Address, writeAddress } from "../../timeline/address";
import type { StripHandle } from "./Strip";
import type { Replay } from "./useWall";

const EVERY_MS = 1_000;
/** While it runs the address need not follow every second. */
const PLAYING_MS = 5_000;

interface Parts {
  replay: Replay | null;
  address: Address;
  cameras: readonly string[];
  stream: Stream;
  strip: RefObject<StripHandle | null>;
  onAddress: (params: URLSearchParams) => void;
}

export function useAddress(parts: Parts): void {
  const latest = useRef(parts);
  latest.current = parts;
  const { replay } = parts;
  useEffect(() => {
    if (!replay) return;
    let last = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      if (replay.wall.isPlaying && now - last < PLAYING_MS) return;
      last = now;
      const { address, cameras, stream, strip, onAddress } = latest.current;
      onAddress(
        writeAddress({
          cameras: [...cameras],
          at_ms: replay.wall.at(),
          span_ms: strip.current?.span() ?? address.span_ms,
          speed: replay.wall.clock.speed,
          stream,
        }),
      );
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [replay]);
}
