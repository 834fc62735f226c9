/** How many open incidents there are, asked of the gateway when the board does not hold all of them. */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { need } from "../../api/client";
import { desk, type Filter } from "../../api/desk";
import { useLive } from "../../live/LiveProvider";

const EVERY_MS = 10_000;

/** Where the rest of the queue begins, as the gateway calls it; undefined: the board holds all of it. */
export function useRest(): string | undefined {
  const { book } = useLive();
  return useSyncExternalStore(book.subscribe, book.rest);
}

/** Of a filter as it is written; undefined while the board itself can be counted, or nothing has been said yet. */
export function useCounts(filter: Filter) {
  const enabled = useRest() !== undefined;
  const { tab: _tab, ...wanted } = filter;
  const counts = useQuery({
    queryKey: ["incidents", "count", wanted],
    queryFn: ({ signal }) => need(desk.count(wanted, signal)),
    enabled,
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  return enabled ? counts.data : undefined;
}
