/** The figures of one time: a number never stands without what it is a part of. */
import type { Statistics } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";

interface Share {
  n: number;
  of: number;
}

export const percent = (share: Share) =>
  share.of === 0 ? "—" : `${((share.n / share.of) * 100).toFixed(1)}%`;

function Figure({ name, value, note }: { name: string; value: string | number; note?: string }) {
  return (
    <div className="figure">
      <span className="muted">{name}</span>
      <b>{value}</b>
      {note !== undefined && <small className="muted">{note}</small>}
    </div>
  );
}

export function Figures({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  const { total, flow, accuracy, previous } = statistics;
  const share = (name: string, value: Share) => (
    <Figure name={name} value={percent(value)} note={t.reports.of(value.n, value.of)} />
  );
  return (
    <section className="card figures" aria-label={t.reports.title}>
      <Figure
        name={t.reports.received}
        value={total.received}
        note={previous && `${t.reports.before} ${previous.received}`}
      />
      <Figure name={t.reports.accepted} value={total.accepted} />
      {share(t.reports.acceptedInTime, total.accepted_in_time)}
      <Figure name={t.reports.settled} value={total.settled} />
      {share(t.reports.settledInTime, total.settled_in_time)}
      <Figure
        name={t.reports.open}
        value={total.open}
        note={`${t.reports.openOverdue} ${total.open_overdue}`}
      />
      {share(t.reports.overdue, { n: total.overdue, of: total.received })}
      {share(t.reports.falseAlarms, { n: total.false_alarms, of: total.settled })}
      <Figure name={t.reports.returns} value={total.returns} />
      <Figure name={t.reports.reworks} value={total.reworks} />
      <Figure name={t.reports.holds} value={total.holds} />
      <Figure
        name={t.reports.urges}
        value={total.urges}
        note={`${t.reports.supervisions} ${total.supervisions}`}
      />
      {share(t.reports.revisited, total.revisited)}
      {share(t.reports.satisfied, total.satisfied)}
      {share(t.reports.dissatisfied, { n: total.dissatisfied, of: total.satisfied.of })}
      <Figure
        name={t.reports.accuracy}
        value={percent(accuracy.accuracy)}
        note={`${t.reports.of(accuracy.accuracy.n, accuracy.accuracy.of)} · ${t.reports.undecided(accuracy.undecided)}`}
      />
      <Figure name={t.reports.missed} value={accuracy.missed ?? 0} note={t.reports.missedHint} />
      {flow && (
        <Figure
          name={t.reports.backlog}
          value={flow.open_after}
          note={t.reports.backlogOf(flow.open_before, flow.open_after)}
        />
      )}
    </section>
  );
}

export function Times({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  const steps = ["accept", "sign", "arrive", "settle"] as const;
  return (
    <section className="card figures" aria-label={t.reports.timesTitle}>
      {steps.map((step) => {
        const spread = statistics.times[step];
        const median = spread.median_s === undefined ? "—" : age(t, spread.median_s * 1000);
        return (
          <Figure
            key={step}
            name={t.reports.times[step] ?? step}
            value={median}
            note={t.reports.samples(spread.n)}
          />
        );
      })}
      {statistics.red_arrivals.map((row) => (
        <Figure
          key={row.within_s}
          name={t.reports.redWithin(row.within_s / 60)}
          value={percent(row.share)}
          note={t.reports.of(row.share.n, row.share.of)}
        />
      ))}
    </section>
  );
}
