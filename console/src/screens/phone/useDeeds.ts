/** What this viewer has begun or not delivered, as the phone keeps it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useViewer } from "../../api/session";
import type { Deed } from "./deed";
import { dropDeed, keepDeed, keptDeeds } from "./keep";

const KEY = ["phone", "deeds"];

export function useDeeds() {
  const viewer = useViewer();
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: () => keptDeeds(viewer.id),
    staleTime: Number.POSITIVE_INFINITY,
    networkMode: "always",
  });
  const again = () => queries.invalidateQueries({ queryKey: KEY });
  return {
    deeds: data ?? [],
    /** Rejects when the phone has no room for it. */
    keep: async (deed: Deed) => {
      await keepDeed(viewer.id, deed);
      await again();
    },
    drop: async (deed: Pick<Deed, "incident" | "action">) => {
      await dropDeed(viewer.id, deed).catch(() => undefined);
      await again();
    },
  };
}
