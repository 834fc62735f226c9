import { Button, Empty, Result } from "antd";
import { type PointerEvent, useEffect, useRef, useSyncExternalStore } from "react";
import { noisyOf } from "../../api/noise";
import { useViewer } from "../../api/session";
import { Loading } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { useLive } from "../../live/LiveProvider";
import { useNoise } from "../noise/useNoise";
import { FreshBar } from "./FreshBar";
import { QueueRow } from "./QueueRow";
import { useSteady } from "./useBoard";
import type { Found } from "./useFound";
import type { OpenRows } from "./useOpenRows";

interface Props {
  list: OpenRows;
  /** What the gateway found beyond what is known here. */
  found: Found;
  filtered: boolean;
  /** Open incidents whose time is over, also those that are not here. */
  late: number;
  /** How many there are, when not all of them are known here. */
  total: number | undefined;
  selected: number | undefined;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
  onRed: () => void;
  onLate: () => void;
}

const rowUnder = (event: PointerEvent): number | undefined => {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-id]") : null;
  return row?.dataset.id === undefined ? undefined : Number(row.dataset.id);
};

export function OpenList({
  list,
  found,
  filtered,
  late,
  total,
  selected,
  onSelect,
  onOpen,
  onRed,
  onLate,
}: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { book, link } = useLive();
  const isNoisy = noisyOf(useNoise());
  const loaded = useSyncExternalStore(book.subscribe, book.loaded);
  const box = useRef<HTMLDivElement>(null);
  const ids = list.rows.map((i) => i.id);
  const stillOpen = list.rows.filter(isOpen).length;
  useSteady(box, list.anchor, ids);

  useEffect(() => {
    if (selected === undefined) return;
    box.current?.querySelector(`[data-id="${selected}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  // What a search brings in from beyond is shown at once: it was asked for.
  const brought = useRef(0);
  useEffect(() => {
    if (found.dataUpdatedAt <= brought.current) return;
    brought.current = found.dataUpdatedAt;
    if (selected === undefined) list.fresh();
  }, [found.dataUpdatedAt, selected, list.fresh]);

  const point = (event: PointerEvent) => {
    // A finger does not rest on a row; only a mouse does.
    if (event.pointerType === "mouse") list.setPointed(rowUnder(event) ?? "list");
  };
  return (
    <section className="queue-list card">
      <FreshBar
        waiting={list.waiting}
        outOfOrder={list.outOfOrder}
        red={list.red.length}
        late={late}
        onFresh={list.fresh}
        onRed={onRed}
        onLate={onLate}
      />
      <div
        className="rows"
        ref={box}
        onPointerOver={point}
        onPointerLeave={() => list.setPointed(undefined)}
        // A list of options may hold nothing else: until there are some it is none.
        role={loaded ? "listbox" : undefined}
        tabIndex={-1}
        aria-label={loaded ? t.nav.queue : undefined}
      >
        <div>
          {list.rows.map((incident) => (
            <QueueRow
              key={incident.id}
              incident={incident}
              selected={incident.id === selected}
              noisy={isNoisy(incident)}
              viewerId={viewer.id}
              onSelect={onSelect}
              onOpen={onOpen}
              fade
            />
          ))}
          {!loaded && link.failures === 0 && <Loading />}
          {!loaded && link.failures > 0 && (
            <Result status="warning" title={t.queue.failed} subTitle={t.queue.retrying} />
          )}
          {total !== undefined && total > stillOpen && (
            <p className="queue-beyond">{t.queue.beyond(stillOpen, total)}</p>
          )}
          {found.hasNextPage && (
            <Button
              block
              type="text"
              loading={found.isFetchingNextPage}
              onClick={() => found.fetchNextPage().then(list.fresh)}
            >
              {t.common.more}
            </Button>
          )}
          {loaded && list.rows.length === 0 && (
            <Empty
              className="queue-empty"
              description={
                filtered ? (
                  t.queue.noMatch
                ) : (
                  <>
                    <b>{t.queue.empty}</b>
                    <br />
                    {t.queue.emptyHint}
                  </>
                )
              }
            />
          )}
        </div>
      </div>
    </section>
  );
}
