/** Who has looked at the incident's clip, pictures and files, for those who answer for it: below what was done with it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { need } from "../../api/client";
import { desk } from "../../api/desk";
import { mayAct, useViewer } from "../../api/session";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { actOf, outcomeOf } from "./looked";

/** As many as the gateway gives at once. */
const PAGE = 100;

export function Looks({ incident }: { incident: number }) {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const [open, setOpen] = useState(false);
  const looks = useInfiniteQuery({
    // Below the incident's own key: what renews it renews this.
    queryKey: ["incident", incident, "looks"],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam, signal }) => need(desk.looks(incident, pageParam, signal)),
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)?.seq : undefined),
    enabled: open,
  });
  if (!mayAct(viewer.role)) return null;
  const rows = looks.data?.pages.flat() ?? [];
  const today = time.date(Date.now());
  return (
    <section className="card panel">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <b>{t.looks.title}</b> <span className="muted">{t.looks.hint}</span>
        </summary>
        {open && looks.isPending && <Loading />}
        {looks.isError && (
          <Trouble title={t.looks.failed} error={looks.error} onRetry={() => looks.refetch()} />
        )}
        {looks.isSuccess && rows.length === 0 && <p className="muted">{t.looks.empty}</p>}
        <ol className="history" data-testid="looks">
          {rows.map((row) => {
            const outcome = outcomeOf(t, row.outcome);
            return (
              <li key={row.seq} className="by-person" data-action={row.action} data-outcome={row.outcome}>
                <span className="history-time" title={time.stamp(row.at_ms)}>
                  {time.clock(row.at_ms)}
                  {time.date(row.at_ms) !== today && <span>{time.day(row.at_ms)}</span>}
                </span>
                <span>
                  <b>{row.who}</b> {row.role && <span className="muted">{t.role[row.role]}</span>}{" "}
                  {actOf(t, row.action)}
                  {outcome && <b className="history-part">{outcome}</b>}
                </span>
              </li>
            );
          })}
        </ol>
        {looks.hasNextPage && (
          <Button block type="text" loading={looks.isFetchingNextPage} onClick={() => looks.fetchNextPage()}>
            {t.common.more}
          </Button>
        )}
      </details>
    </section>
  );
}
