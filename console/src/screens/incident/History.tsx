import type { CentreNames } from "../../actions/useCentre";
import type { IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { useIncidents } from "../../live/LiveProvider";
import { detailsOf, type Names } from "./story";

/** What happened to the incident, who did it, and when: the newest first, where the eye falls. */
export function History({ incident, names }: { incident: IncidentDetail; names: CentreNames }) {
  const { t, time } = useSpeech();
  const others = useIncidents();
  const short = (ms: number) => time.stamp(ms).slice(0, -3);
  const spoken: Names = {
    ...names,
    incidentOf: (id) => others.find((i) => i.id === id)?.number ?? String(id),
    // Whoever has had it has done something to it.
    personOf: (id) => incident.history.find((row) => row.actor?.id === id)?.actor?.name,
    fileOf: (id) => incident.attachments.find((file) => file.id === id)?.name,
    at: short,
  };
  const today = time.date(Date.now());
  const rows = [...incident.history].reverse();
  return (
    <section className="card panel">
      <h2>
        {t.incident.history} <span className="muted">{rows.length}</span>
      </h2>
      <ol className="history" data-testid="history">
        {rows.map((row) => {
          const details = detailsOf(t, row, spoken);
          return (
            <li
              key={`${row.version}-${row.at_ms}-${row.action}`}
              className={row.actor ? "by-person" : "by-machine"}
              data-action={row.action}
            >
              <span className="history-time" title={time.stamp(row.at_ms)}>
                {time.clock(row.at_ms)}
                {time.date(row.at_ms) !== today && <span>{time.day(row.at_ms)}</span>}
              </span>
              <span>
                <b>{row.actor?.name ?? t.incident.machine}</b> {t.history[row.action] ?? row.action}
                {details.map((part) => (
                  <span key={part} className="history-part">
                    {part}
                  </span>
                ))}
                {row.note && <q>{row.note}</q>}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
