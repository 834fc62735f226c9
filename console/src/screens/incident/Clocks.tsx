import type { CentreNames } from "../../actions/useCentre";
import type { IncidentDetail } from "../../api/types";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import { dials } from "./dials";
import { Escalation } from "./Escalation";

const TOLD = [50, 80, 100];

/** The clocks that run: which, until when, how far. */
export function Clocks({ incident, names }: { incident: IncidentDetail; names: CentreNames }) {
  const { t, time } = useSpeech();
  const now = useNow();
  const running = dials(incident.clocks, now);
  if (running.length === 0 && incident.escalation === undefined) return null;
  return (
    <section className="card panel clocks" data-testid="clocks">
      <h2>{t.desk.clock.title}</h2>
      <ol className="clock-list">
        {running.map((dial) => {
          const chain = dial.kind === "escalate";
          const left = dial.due_ms - now;
          return (
            <li key={`${dial.kind}-${dial.unit}`} className={dial.late ? "clock clock-late" : "clock"}>
              <span className="clock-name">
                <b>{t.desk.clock.kind[dial.kind] ?? dial.kind}</b>
                {dial.unit && <span className="muted"> {names.unitOf(dial.unit)}</span>}
                {dial.working && <span className="tag">{t.desk.clock.working}</span>}
              </span>
              {chain ? (
                <span>{t.desk.clock.steps(dial.fired)}</span>
              ) : (
                <span className="clock-left">
                  <b>{left > 0 ? t.desk.clock.left(age(t, left)) : t.desk.clock.over(age(t, -left))}</b>{" "}
                  <span className="muted">{time.stamp(dial.due_ms).slice(0, -3)}</span>
                </span>
              )}
              {!chain && (
                <span className="clock-bar" role="img" aria-label={t.desk.clock.told(dial.fired)}>
                  <i style={{ width: `${dial.share * 100}%` }} className={barOf(dial.share)} />
                  {TOLD.slice(0, 2).map((percent) => (
                    <em
                      key={percent}
                      style={{ left: `${percent}%` }}
                      className={dial.fired >= percent ? "mark-told" : ""}
                      title={`${percent}%`}
                    />
                  ))}
                </span>
              )}
            </li>
          );
        })}
      </ol>
      <Escalation step={incident.escalation} />
      {incident.held_since_ms !== undefined && <p className="clock-held">{t.desk.clock.held}</p>}
    </section>
  );
}

const barOf = (share: number) =>
  share >= 1 ? "bar-late" : share >= 0.8 ? "bar-soon" : share >= 0.5 ? "bar-half" : "";
