/** Whether the queue shows groups: by the rate, or by hand. Follows the clock, so that a flood ends when nothing comes. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { centreQuery } from "../../api/centre";
import { mayAct, useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { useNow } from "../../components/useNow";
import { arrivals, CALM, isGrouped, next } from "../../queue/flood";

/** Until the centre has said what a flood is. */
const USUAL = { incidents: 20, window_s: 60 };

export function useFlood(incidents: readonly Incident[]) {
  const viewer = useViewer();
  const now = useNow();
  const centre = useQuery(centreQuery);
  const flood = centre.data?.flood ?? USUAL;
  const arrived = arrivals(incidents, flood, now);
  const [state, setState] = useState(CALM);
  useEffect(() => setState((before) => next(before, arrived, flood)), [arrived, flood]);
  return {
    grouped: mayAct(viewer.role) && isGrouped(state),
    byHand: state.wish === "on" && !state.high,
    arrived,
    window_s: flood.window_s,
    enter: () => setState((before) => ({ ...before, wish: before.high ? "auto" : "on" })),
    leave: () => setState((before) => ({ ...before, wish: before.high ? "off" : "auto" })),
  };
}

export type FloodView = ReturnType<typeof useFlood>;
