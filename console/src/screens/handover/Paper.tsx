/** What is signed: the state of the queue, as a sheet that can be printed. */
import { Link } from "react-router";
import type { Handover, IncidentState, ShiftItem, ShiftSummary } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { useClassNames } from "./HandoverNotice";

export function Paper({ handover }: { handover: Handover }) {
  const { t, time } = useSpeech();
  const w = t.handover;
  const signed = handover.signed === "password" ? w.byPassword : w.bySession;
  const accepted = handover.state === "accepted";
  return (
    <article className="paper card" data-handover={handover.id}>
      <header className="paper-head">
        <h2>{w.number(handover.id)}</h2>
        <span className={`paper-state paper-${handover.state}`}>{w.states[handover.state]}</span>
      </header>
      <dl className="paper-facts">
        <dt>{w.leaver}</dt>
        <dd>{handover.leaver.name}</dd>
        <dt>{w.taker}</dt>
        <dd>{(accepted ? handover.decided_by?.name : handover.meant_for?.name) ?? w.anyone}</dd>
        <dt>{w.areas}</dt>
        <dd>{handover.areas.join("、")}</dd>
      </dl>
      {handover.note !== "" && (
        <section>
          <h3>{w.note}</h3>
          <p className="paper-note">{handover.note}</p>
        </section>
      )}
      {handover.summary && <Summary summary={handover.summary} />}
      <footer className="paper-signatures">
        <p>
          <span>{w.leftAt}</span>
          <b>{handover.leaver.name}</b>
          <span className="muted">{`${time.date(handover.opened_ms)} ${time.clock(handover.opened_ms)}`}</span>
        </p>
        <p>
          <span>{accepted || handover.state === "open" ? w.takenAt : w.states[handover.state]}</span>
          <b>{handover.decided_by?.name ?? w.unsigned}</b>
          {handover.decided_ms !== undefined && (
            <span className="muted">
              {`${time.date(handover.decided_ms)} ${time.clock(handover.decided_ms)} · ${signed}`}
            </span>
          )}
          {handover.answer && <span className="paper-note">{handover.answer}</span>}
          {handover.moved && <span>{w.moved(handover.moved.length)}</span>}
          {handover.stayed && handover.stayed.length > 0 && (
            <span className="paper-stayed">{w.stayed(handover.stayed.length)}</span>
          )}
        </p>
      </footer>
    </article>
  );
}

export function Summary({ summary }: { summary: ShiftSummary }) {
  const { t, time } = useSpeech();
  const w = t.handover;
  return (
    <>
      <section>
        <h3>{w.open}</h3>
        <Counts summary={summary} />
      </section>
      <Items title={w.claimed} items={summary.claimed} all={summary.claimed.length} />
      <Items title={w.overdue} items={summary.overdue} all={summary.n_overdue} />
      <Items title={w.held} items={summary.held} all={summary.n_held} />
      <section>
        <h3>
          {w.faults} <b>{summary.faults.length}</b>
        </h3>
        {summary.faults.length === 0 && <p className="muted">{w.nothing}</p>}
        <ul className="paper-faults">
          {summary.faults.map((fault) => (
            <li key={`${fault.kind} ${fault.camera} ${fault.since_ms}`}>
              <LevelBadge level={fault.level} />
              <b>{fault.camera ?? w.site}</b> {t.tickets.kind[fault.kind] ?? fault.kind}
              <span className="muted">
                {time.stamp(fault.since_ms)} ·{" "}
                {fault.acknowledged_by ? w.known(fault.acknowledged_by) : w.unknown}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

const ORDER: readonly IncidentState[] = [
  "new",
  "claimed",
  "assessed",
  "dispatched",
  "signed",
  "handling",
  "done",
  "verified",
  "shelved",
];

function Counts({ summary }: { summary: ShiftSummary }) {
  const { t } = useSpeech();
  const states = ORDER.filter((state) => summary.counts.some((count) => count.state === state));
  if (states.length === 0) return <p className="muted">{t.handover.nothing}</p>;
  const of = (level: number, state?: IncidentState) =>
    summary.counts
      .filter((count) => count.level === level && (state === undefined || count.state === state))
      .reduce((sum, count) => sum + count.n, 0);
  const levels = [1, 2, 3, 4].filter((level) => of(level) > 0);
  return (
    <div className="paper-wide">
      <table className="paper-counts">
        <thead>
          <tr>
            <td />
            {states.map((state) => (
              <th key={state} scope="col">
                {t.state[state] ?? state}
              </th>
            ))}
            <th scope="col">{t.handover.total}</th>
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <tr key={level}>
              <th scope="row">
                <LevelBadge level={level} />
              </th>
              {states.map((state) => (
                <td key={state}>{of(level, state) || "–"}</td>
              ))}
              <td>
                <b>{of(level)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Items({ title, items, all }: { title: string; items: readonly ShiftItem[]; all: number }) {
  const { t, time } = useSpeech();
  const w = t.handover;
  const className = useClassNames();
  return (
    <section>
      <h3>
        {title} <b>{all}</b>
        {all > items.length && <span className="muted">{w.moreThan(items.length, all)}</span>}
      </h3>
      {all === 0 && <p className="muted">{w.nothing}</p>}
      <ul className="paper-items">
        {items.map((item) => (
          <li key={item.incident}>
            <LevelBadge level={item.level} />
            <Link to={`/incidents/${item.incident}`}>#{item.number}</Link>
            <span className="paper-what">
              {className(item.class)} · {item.what}
              <span className="muted"> {item.area_name}</span>
            </span>
            <span>{t.state[item.state] ?? item.state}</span>
            <span className="muted">
              {[
                item.owner?.name,
                item.units.join("、"),
                item.deadline_ms === undefined ? "" : w.due(time.stamp(item.deadline_ms)),
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
