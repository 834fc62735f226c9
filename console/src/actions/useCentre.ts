/** The centre's tables for screens, and what their identifiers are called. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { centreQuery } from "../api/centre";
import { client, need } from "../api/client";
import type { Area, Centre } from "../api/types";
import { useSpeech } from "../i18n/context";

const NOTHING: Centre = {
  classes: [],
  units: [],
  calendar: { hours: [], days: [], closed: [], open: [] },
  duty: [],
  flood: { incidents: 20, window_s: 60 },
  again_s: 300,
};
const NO_AREAS: readonly Area[] = [];

export interface CentreNames {
  centre: Centre;
  areas: readonly Area[];
  /** The tables are there: until then a site without units looks like any other. */
  known: boolean;
  classOf: (id: string) => string;
  unitOf: (id: string) => string;
  areaOf: (id: string) => string;
}

export function useCentre(): CentreNames {
  const { t, language } = useSpeech();
  const tables = useQuery({ ...centreQuery, staleTime: 60_000 });
  const tree = useQuery({
    queryKey: ["areas"],
    queryFn: ({ signal }) => need(client.areas(signal)),
    staleTime: 300_000,
  });
  const centre = tables.data ?? NOTHING;
  const areas = tree.data ?? NO_AREAS;
  const known = tables.isSuccess;
  return useMemo(() => {
    const classes = new Map(
      centre.classes.map((one) => [one.id, language === "zh" ? one.name : one.name_en]),
    );
    const units = new Map(centre.units.map((one) => [one.id, one.name]));
    const places = new Map(areas.map((one) => [one.id, one.name]));
    return {
      centre,
      areas,
      known,
      classOf: (id) => t.incidentClass[id] ?? classes.get(id) ?? id,
      unitOf: (id) => units.get(id) ?? id,
      areaOf: (id) => places.get(id) ?? id,
    };
  }, [centre, areas, known, t, language]);
}
