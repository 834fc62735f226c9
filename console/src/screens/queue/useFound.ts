/** What the gateway finds of the queue, page by page; what it finds is known to the book from then on. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { need } from "../../api/client";
import { desk, type Filter } from "../../api/desk";
import { useLive } from "../../live/LiveProvider";
import { type QueueFilter, writeFilter } from "../../queue/filter";

const PAGE = 50;

/**
 * `from`: where the rest of the queue begins that the board does not hold; what comes before it is known.
 * Rows keep the order in which they were found until they are found again: when somebody asks for it, after a snapshot,
 * and of what is over also when something is (`live/renewal`).
 */
export function useFound(
  state: "open" | "closed" | "revisit",
  filter: QueueFilter,
  enabled: boolean,
  from?: string,
) {
  const { book } = useLive();
  const wanted = writeFilter(filter);
  const found = useInfiniteQuery({
    queryKey: ["incidents", "found", state, wanted, from],
    initialPageParam: from,
    queryFn: async ({ pageParam, signal }) => {
      const page: Filter = pageParam === undefined ? {} : { cursor: pageParam };
      const list = await need(desk.find({ ...wanted, state, limit: String(PAGE), ...page }, signal));
      for (const incident of list.incidents) book.apply(incident);
      return list;
    },
    getNextPageParam: (page) => page.next_cursor,
    enabled,
    refetchOnMount: "always",
    refetchOnReconnect: false,
  });
  const pages = found.data?.pages;
  const ids = useMemo(
    () => (enabled ? (pages ?? []).flatMap((page) => page.incidents.map((i) => i.id)) : []),
    [pages, enabled],
  );
  return { ...found, ids };
}

export type Found = ReturnType<typeof useFound>;
