import type { HistoryRow } from "../../api/types";
import { useSpeech } from "../../i18n/context";

/** What happened to the incident, who did it, and when: the newest last. */
export function History({ rows }: { rows: readonly HistoryRow[] }) {
  const { t, time } = useSpeech();
  const reasonOf = (reason: string) => t.reason[reason] ?? t.reopenReason[reason] ?? reason;
  return (
    <section className="card panel">
      <h2>{t.incident.history}</h2>
      <ol className="history">
        {rows.map((row) => (
          <li
            key={`${row.version}-${row.at_ms}-${row.action}`}
            className={row.actor ? "by-person" : "by-machine"}
          >
            <span className="history-time" title={time.stamp(row.at_ms)}>
              {time.clock(row.at_ms)}
            </span>
            <span>
              <b>{row.actor?.name ?? t.incident.machine}</b> {t.history[row.action] ?? row.action}
              {row.reason && <span> · {reasonOf(row.reason)}</span>}
              {row.note && <q>{row.note}</q>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
