import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Empty } from "antd";
import { useEffect, useRef } from "react";
import { client, need } from "../../api/client";
import { useViewer } from "../../api/session";
import { useKeys } from "../../components/keys";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { useLive } from "../../live/LiveProvider";
import { matches, step } from "../../queue/board";
import { QueueRow } from "./QueueRow";

const PAGE = 50;

interface Props {
  words: string;
  selected: number | undefined;
  active: boolean;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
}

/** Finished incidents, newest first, page by page. */
export function ClosedList({ words, selected, active, onSelect, onOpen }: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { book } = useLive();
  const box = useRef<HTMLDivElement>(null);
  const closed = useInfiniteQuery({
    queryKey: ["incidents", "closed"],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const list = await need(client.incidents("closed", PAGE, pageParam, signal));
      for (const incident of list.incidents) book.apply(incident);
      return list.incidents;
    },
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
  });
  const wanted = words.trim();
  const rows = (closed.data?.pages.flat() ?? []).filter(
    (i) =>
      wanted === "" ||
      matches(
        i,
        wanted,
        `${t.incidentClass[i.class] ?? ""} ${i.close_reason ? t.reason[i.close_reason] : ""}`,
      ),
  );
  const ids = rows.map((i) => i.id);
  const move = (by: 1 | -1) => {
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
      <div className="rows" ref={box} role="listbox" tabIndex={-1} aria-label={t.queue.closed}>
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
        {closed.isPending && <Loading />}
        {closed.isError && (
          <Trouble title={t.queue.failed} error={closed.error} onRetry={() => closed.refetch()} />
        )}
        {closed.isSuccess && rows.length === 0 && (
          <Empty className="queue-empty" description={wanted ? t.queue.noMatch : t.queue.emptyClosed} />
        )}
        {closed.hasNextPage && (
          <Button
            block
            type="text"
            loading={closed.isFetchingNextPage}
            onClick={() => closed.fetchNextPage()}
          >
            {t.common.more}
          </Button>
        )}
      </div>
    </section>
  );
}
