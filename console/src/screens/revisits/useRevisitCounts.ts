/** How much waits for a revisit. */
import { useQuery } from "@tanstack/react-query";
import { need } from "../../api/client";
import { desk, type RevisitCounts } from "../../api/desk";

/** Time runs out by itself: nobody tells. */
const REFRESH_MS = 30_000;

export function useRevisitCounts(): RevisitCounts | undefined {
  const counts = useQuery({
    // Below the key of lists, so that what renews those renews this.
    queryKey: ["incidents", "found", "revisit-counts"],
    queryFn: ({ signal }) => need(desk.revisits(signal)),
    refetchInterval: REFRESH_MS,
  });
  return counts.data;
}
