/** Hand-overs of before, page by page, as far back as there are any. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, DatePicker } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { Link } from "react-router";
import { need } from "../../api/client";
import { useViewer } from "../../api/session";
import type { Handover } from "../../api/types";
import { watch } from "../../api/watch";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { dayAfter, midnight } from "../reports/period";

const PAGE = 30;
const REFRESH_MS = 15_000;

/** `above`: those that stand on the page already. */
export function Past({ above }: { above: readonly number[] }) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const zone = viewer.site.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [days, setDays] = useState<{ from?: Dayjs; to?: Dayjs }>({});
  const day = (chosen: Dayjs | undefined) => chosen?.format("YYYY-MM-DD");
  const [from, to] = [day(days.from), day(days.to)];
  const span = {
    from_ms: from === undefined ? undefined : midnight(zone, from),
    until_ms: to === undefined ? undefined : midnight(zone, dayAfter(to)),
  };
  const pages = useInfiniteQuery({
    queryKey: ["handovers", "past", span],
    queryFn: ({ pageParam, signal }) =>
      need(watch.handovers({ ...span, before: pageParam, limit: PAGE }, signal)),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last: Handover[]) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : REFRESH_MS),
    placeholderData: (before) => before,
  });
  const narrowed = from !== undefined || to !== undefined;
  const rows = pages.data?.pages.flat().filter((one) => !above.includes(one.id)) ?? [];
  return (
    <section className="card handover-past">
      <div className="handover-past-head">
        <h2>{t.handover.past}</h2>
        <span className="grow" />
        <fieldset aria-label={t.beside.handover.range}>
          <DatePicker
            value={days.from ?? null}
            placeholder={t.beside.handover.from}
            aria-label={t.beside.handover.from}
            maxDate={days.to}
            onChange={(chosen) => setDays({ ...days, from: chosen ?? undefined })}
          />
          <DatePicker
            value={days.to ?? null}
            placeholder={t.beside.handover.to}
            aria-label={t.beside.handover.to}
            minDate={days.from}
            onChange={(chosen) => setDays({ ...days, to: chosen ?? undefined })}
          />
        </fieldset>
      </div>
      {pages.isPending && <Loading />}
      {pages.isError && (
        <Trouble title={t.handover.failed} error={pages.error} onRetry={() => void pages.refetch()} />
      )}
      {pages.isSuccess && rows.length === 0 && (
        <p className="muted">{narrowed ? t.beside.handover.none : t.handover.none}</p>
      )}
      <ol>
        {rows.map((one) => (
          <PastRow key={one.id} handover={one} />
        ))}
      </ol>
      {pages.hasNextPage && (
        <Button block type="text" loading={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>
          {t.beside.handover.older}
        </Button>
      )}
    </section>
  );
}

function PastRow({ handover }: { handover: Handover }) {
  const { t, time } = useSpeech();
  return (
    <li>
      <Link to={`/handover/${handover.id}`}>{t.handover.number(handover.id)}</Link>
      <span className="muted">
        {time.date(handover.opened_ms)} {time.minute(handover.opened_ms)}
      </span>
      <span>
        {handover.leaver.name} → {handover.decided_by?.name ?? handover.meant_for?.name ?? "…"}
      </span>
      <span className={`paper-state paper-${handover.state}`}>{t.handover.states[handover.state]}</span>
    </li>
  );
}
