import { useQuery } from "@tanstack/react-query";
import { client, need } from "../../api/client";
import type { Area } from "../../api/types";

/** The area tree with names; identifiers stand in until it is there. */
export function useAreas(): { all: readonly Area[]; nameOf: (id: string) => string } {
  const areas = useQuery({
    queryKey: ["areas"],
    queryFn: ({ signal }) => need(client.areas(signal)),
    staleTime: 300_000,
  });
  const all = areas.data ?? [];
  return { all, nameOf: (id) => all.find((area) => area.id === id)?.name ?? id };
}
