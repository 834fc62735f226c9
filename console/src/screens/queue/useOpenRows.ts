/** The open incidents as the queue shows them: ordered, filtered, and still under a hand. */
import { useState } from "react";
import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { byUrgency, matches, step } from "../../queue/board";
import { useBoard } from "./useBoard";

export function useOpenRows(incidents: readonly Incident[], words: string, selected: number | undefined) {
  const { t } = useSpeech();
  const [pointed, setPointed] = useState<number | "list" | undefined>(undefined);
  const calm = pointed === undefined && selected === undefined;
  const board = useBoard(incidents, calm);
  const byId = new Map(incidents.map((i) => [i.id, i]));
  const wanted = words.trim();
  const rows = board.rows.flatMap((id) => {
    const incident = byId.get(id);
    if (!incident) return [];
    const spoken = `${t.incidentClass[incident.class] ?? ""} ${t.place[incident.place ?? ""] ?? ""} ${
      t.level[incident.level] ?? ""
    } ${t.state[incident.state] ?? ""}`;
    return wanted === "" || matches(incident, wanted, spoken) ? [incident] : [];
  });
  const red = incidents.filter((i) => i.level === 1 && i.state === "new").sort((a, b) => byUrgency(b, a));
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
    /** The row that must not move on the screen. */
    anchor: typeof pointed === "number" ? pointed : selected,
    setPointed,
    step: (from: number | undefined, by: 1 | -1) => step(ids, from, by),
    after,
  };
}

export type OpenRows = ReturnType<typeof useOpenRows>;
