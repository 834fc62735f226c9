import { useEffect, useRef } from "react";
import { useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { step } from "../../queue/board";
import { ListEnd, nextPage } from "./ListEnd";
import { QueueRow } from "./QueueRow";
import type { Found } from "./useFound";

interface Props {
  found: Found;
  /** As they are now, by id: a row that somebody reopens stays where it is. */
  incidents: readonly Incident[];
  filtered: boolean;
  selected: number | undefined;
  active: boolean;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
}

/** Finished incidents, newest first, page by page; the last row leads on to the next page. */
export function ClosedList({ found, incidents, filtered, selected, active, onSelect, onOpen }: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const box = useRef<HTMLDivElement>(null);
  const { ids } = found;
  const byId = new Map(incidents.map((i) => [i.id, i]));
  const rows = ids.flatMap((id) => byId.get(id) ?? []);
  const move = (by: 1 | -1) => {
    if (by === 1 && selected !== undefined && selected === ids.at(-1)) nextPage(found);
    const next = step(ids, selected, by);
    if (next !== undefined) onSelect(next);
  };
  useKeys({ j: () => move(1), k: () => move(-1), arrowdown: () => move(1), arrowup: () => move(-1) }, active);
  useEffect(() => {
    if (selected === undefined) return;
    box.current?.querySelector(`[data-id="${selected}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  return (
    <section className="queue-list card">
      <div
        className="rows"
        ref={box}
        // A list of options may hold nothing else: until there are some it is none.
        role={rows.length > 0 ? "listbox" : undefined}
        tabIndex={-1}
        aria-label={rows.length > 0 ? t.queue.closed : undefined}
      >
        {rows.map((incident) => (
          <QueueRow
            key={incident.id}
            incident={incident}
            selected={incident.id === selected}
            viewerId={viewer.id}
            onSelect={onSelect}
            onOpen={onOpen}
          />
        ))}
        <ListEnd
          found={found}
          isEmpty={rows.length === 0}
          failed={t.queue.failed}
          empty={filtered ? t.queue.noMatch : t.queue.emptyClosed}
        />
      </div>
    </section>
  );
}
