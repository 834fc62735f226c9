/** Which other system is not told of incidents, since when, why, and sending again what was given up. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { client, need } from "../../api/client";
import type { OutboundTarget } from "../../api/types";
import { Trouble } from "../../components/Trouble";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, problemText } from "../../i18n/format";

const REFRESH_MS = 10_000;

export function OutboundPanel({ mayResendAll }: { mayResendAll: boolean }) {
  const { t } = useSpeech();
  const targets = useQuery({
    queryKey: ["outbound"],
    queryFn: ({ signal }) => need(client.outbound(signal)),
    refetchInterval: REFRESH_MS,
  });
  if (targets.isError)
    return <Trouble title={t.outbound.failed} error={targets.error} onRetry={() => targets.refetch()} />;
  if (!targets.data?.length) return null;
  return (
    <section className="card outbound" aria-label={t.outbound.title}>
      <h2>{t.outbound.title}</h2>
      {targets.data.map((target) => (
        <Target key={target.id} target={target} mayResendAll={mayResendAll} />
      ))}
    </section>
  );
}

function Target({ target, mayResendAll }: { target: OutboundTarget; mayResendAll: boolean }) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const now = useNow();
  const words = t.outbound;
  const ago = (at: number) => age(t, Math.max(0, now - at));
  const resend = async () => {
    const answer = await client.resendOutbound(target.id);
    if (answer.kind === "ok") message.success(words.resent(answer.value.messages));
    if (answer.kind === "error") message.error(problemText(t, answer.problem));
    void queries.invalidateQueries({ queryKey: ["outbound"] });
  };
  const error = target.last_error;
  const isFailing = target.failing_since_ms !== undefined && target.failing_since_ms !== null;
  return (
    <div className="cell">
      <span>
        <span className={`dot ${isFailing ? "dot-bad" : "dot-good"}`}>
          <i aria-hidden="true" />
          <b>{target.name}</b>
        </span>{" "}
        <span className="muted">
          {target.purpose} · {target.kind} · <code>{target.url}</code>
        </span>
      </span>
      <span className="muted">
        {target.waiting > 0 ? words.waiting(target.waiting) : words.none}
        {target.oldest_ms ? ` · ${words.since(ago(target.oldest_ms))}` : ""} ·{" "}
        {target.last_success_ms ? words.success(ago(target.last_success_ms)) : words.never}
        {target.lost > 0 && ` · ${words.lost(target.lost)}`}
      </span>
      {isFailing && error && (
        <>
          <span>
            {words.failing(ago(target.failing_since_ms ?? now))} · {words.stage[error.stage] ?? error.stage}:{" "}
            {error.detail}
          </span>
          <span className="remedy">{error.remedy}</span>
        </>
      )}
      {target.dead > 0 && (
        <span>
          {words.dead(target.dead)}{" "}
          {mayResendAll && (
            <Button size="small" onClick={resend}>
              {words.resend}
            </Button>
          )}
        </span>
      )}
    </div>
  );
}
