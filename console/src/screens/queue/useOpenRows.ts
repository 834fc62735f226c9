/** The open incidents as the queue shows them: ordered, filtered, and still under a hand. */
import { useState } from "react";
import { liesIn } from "../../actions/picked";
import type { CentreNames } from "../../actions/useCentre";
import { useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { byUrgency, matches, step } from "../../queue/board";
import { isLate, passes, type QueueFilter } from "../../queue/filter";
import { useBoard } from "./useBoard";

interface Wanted {
  filter: QueueFilter;
  /** What the gateway found for the words of the filter. */
  found: readonly number[];
  names: CentreNames;
}

export function useOpenRows(
  incidents: readonly Incident[],
  { filter, found, names }: Wanted,
  selected: number | undefined,
) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const now = useNow();
  const [pointed, setPointed] = useState<number | "list" | undefined>(undefined);
  const calm = pointed === undefined && selected === undefined;
  const board = useBoard(incidents, calm);
  const byId = new Map(incidents.map((i) => [i.id, i]));
  const words = filter.q.trim();
  const measure = {
    viewerId: viewer.id,
    now,
    liesIn: (area: string, within: string) => liesIn(names.areas, area, within),
  };
  const spokenOf = (incident: Incident) =>
    `${names.classOf(incident.class)} ${t.place[incident.place ?? ""] ?? ""} ${t.level[incident.level] ?? ""} ${
      t.state[incident.state] ?? ""
    } ${incident.units.map((one) => one.unit_name).join(" ")}`;
  const isWanted = (incident: Incident) =>
    // The row that somebody is at stays, also once it has moved on to another state.
    incident.id === selected ||
    (passes(incident, filter, measure) &&
      (words === "" || found.includes(incident.id) || matches(incident, words, spokenOf(incident))));
  const rows = board.rows.flatMap((id) => {
    const incident = byId.get(id);
    return incident && isWanted(incident) ? [incident] : [];
  });
  const open = incidents.filter(isOpen);
  const red = open.filter((i) => i.level === 1 && i.state === "new").sort((a, b) => byUrgency(b, a));
  const ids = rows.map((i) => i.id);
  const stillOpen = rows.filter(isOpen).map((i) => i.id);

  /** Where the selection goes when a row is finished: the next one below that still needs somebody. */
  const after = (id: number): number | undefined => {
    const at = ids.indexOf(id);
    return (
      stillOpen.find((other) => other !== id && ids.indexOf(other) > at) ??
      stillOpen.filter((other) => other !== id).at(-1)
    );
  };

  return {
    rows,
    waiting: board.waiting.length,
    outOfOrder: board.outOfOrder,
    fresh: board.fresh,
    red,
    late: open.filter((i) => isLate(i, now)).length,
    /** The row that must not move on the screen. */
    anchor: typeof pointed === "number" ? pointed : selected,
    setPointed,
    step: (from: number | undefined, by: 1 | -1) => step(ids, from, by),
    after,
  };
}

export type OpenRows = ReturnType<typeof useOpenRows>;
