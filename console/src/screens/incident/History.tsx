import { Fragment } from "react";
import type { CentreNames } from "../../actions/useCentre";
import { desk } from "../../api/desk";
import type { IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { useIncidents } from "../../live/LiveProvider";
import { MoreRows } from "./MoreRows";
import { detailsOf, type Names } from "./story";
import { useParts } from "./useParts";

/** What happened to the incident, who did it, and when: the newest first, where the eye falls. */
export function History({ incident, names }: { incident: IncidentDetail; names: CentreNames }) {
  const { t, time } = useSpeech();
  const others = useIncidents();
  const known = useParts({
    head: incident.history,
    // A page of the incident and a change of it do not come together.
    total: incident.history.at(-1)?.version ?? 0,
    key: (row) => row.version,
    dense: true,
    load: async (before) => {
      const page = await desk.history(incident.id, before);
      return page.kind === "ok" ? { kind: "ok", value: page.value.history } : page;
    },
  });
  const short = (ms: number) => time.stamp(ms).slice(0, -3);
  const spoken: Names = {
    ...names,
    incidentOf: (id) => others.find((i) => i.id === id)?.number ?? String(id),
    // Whoever has had it has done something to it.
    personOf: (id) => known.rows.find((row) => row.actor?.id === id)?.actor?.name,
    fileOf: (id) => incident.attachments.find((file) => file.id === id)?.name,
    at: short,
  };
  const today = time.date(Date.now());
  const rows = [...known.rows].reverse();
  return (
    <section className="card panel">
      <h2>
        {t.incident.history} <span className="muted">{rows.length + known.missing}</span>
      </h2>
      <ol className="history" data-testid="history">
        {rows.map((row) => {
          const details = detailsOf(t, row, spoken);
          return (
            <Fragment key={`${row.version}-${row.at_ms}-${row.action}`}>
              <li className={row.actor ? "by-person" : "by-machine"} data-action={row.action}>
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
              {row.version === known.before && (
                <MoreRows
                  missing={known.missing}
                  loading={known.loading}
                  error={known.error}
                  onMore={() => void known.more()}
                />
              )}
            </Fragment>
          );
        })}
      </ol>
    </section>
  );
}
