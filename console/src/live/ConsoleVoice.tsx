/** Binds `ConsoleBeat` to the page, for roles whose alarm must be heard. */
import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import { tellConsole } from "../api/watch";
import { ConsoleBeat, consoleName } from "./consoleBeat";
import { useLive } from "./LiveProvider";

/** Nobody sits before the wall: what is not heard there is heard elsewhere. */
const isWall = (path: string) => path === "/wall";

export function ConsoleVoice() {
  const { sound } = useLive();
  const { pathname } = useLocation();
  const [beat] = useState(
    () => new ConsoleBeat(consoleName(), { send: tellConsole, elapsed: () => performance.now() }),
  );
  const wall = isWall(pathname);
  useEffect(() => beat.set(wall ? null : sound), [beat, sound, wall]);
  useEffect(() => {
    const close = () => beat.close();
    const resume = (event: PageTransitionEvent) => event.persisted && beat.resume();
    addEventListener("pagehide", close);
    addEventListener("pageshow", resume);
    return () => {
      removeEventListener("pagehide", close);
      removeEventListener("pageshow", resume);
      beat.close();
    };
  }, [beat]);
  return null;
}
