/** The centre's tables: classes, units, working days, who is on duty, what counts as a flood. One question for all screens. */
import { queryOptions } from "@tanstack/react-query";
import { call, need } from "./client";
import type { Centre } from "./types";

export const centreQuery = queryOptions({
  queryKey: ["centre"],
  queryFn: ({ signal }) => need(call<Centre>("GET", "/centre", undefined, signal)),
  staleTime: 10 * 60_000,
});
