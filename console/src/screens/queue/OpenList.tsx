import { Empty, Result } from "antd";
import { type PointerEvent, useEffect, useRef, useSyncExternalStore } from "react";
import { useViewer } from "../../api/session";
import { Loading } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { useLive } from "../../live/LiveProvider";
import { FreshBar } from "./FreshBar";
import { QueueRow } from "./QueueRow";
import { useSteady } from "./useBoard";
import type { OpenRows } from "./useOpenRows";

interface Props {
  list: OpenRows;
  filtered: boolean;
  selected: number | undefined;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
  onRed: () => void;
}

const rowUnder = (event: PointerEvent): number | undefined => {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-id]") : null;
  return row?.dataset.id === undefined ? undefined : Number(row.dataset.id);
};

export function OpenList({ list, filtered, selected, onSelect, onOpen, onRed }: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { book, link } = useLive();
  const loaded = useSyncExternalStore(book.subscribe, book.loaded);
  const box = useRef<HTMLDivElement>(null);
  const ids = list.rows.map((i) => i.id);
  useSteady(box, list.anchor, ids);

  useEffect(() => {
    if (selected === undefined) return;
    box.current?.querySelector(`[data-id="${selected}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);

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
        onFresh={list.fresh}
        onRed={onRed}
      />
      <div
        className="rows"
        ref={box}
        onPointerOver={point}
        onPointerLeave={() => list.setPointed(undefined)}
        role="listbox"
        tabIndex={-1}
        aria-label={t.nav.queue}
      >
        <div>
          {list.rows.map((incident) => (
            <QueueRow
              key={incident.id}
              incident={incident}
              selected={incident.id === selected}
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
