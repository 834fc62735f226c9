/** Both sides of a trial as columns in order of time: what was raised at the same time stands below each other. */
import type { TrialAlarm, TrialLiveAlarm } from "../../api/types";

export interface Column {
  at_ms: number;
  trial: TrialAlarm[];
  live: TrialLiveAlarm | null;
}

/** As the gateway sees one occurrence. */
const SAME_MS = 10_000;

function meets(trial: TrialAlarm, live: TrialLiveAlarm): boolean {
  const end = (ended: number | undefined) => (ended ?? Number.POSITIVE_INFINITY) + SAME_MS;
  return (
    trial.rule === live.rule && live.began_ms <= end(trial.ended_ms) && trial.began_ms <= end(live.ended_ms)
  );
}

export function columns(alarms: TrialAlarm[], live: TrialLiveAlarm[]): Column[] {
  const left = new Set(alarms);
  const found: Column[] = live.map((one) => {
    const trial = alarms.filter((alarm) => left.has(alarm) && meets(alarm, one));
    for (const alarm of trial) left.delete(alarm);
    return { at_ms: Math.min(one.began_ms, ...trial.map((alarm) => alarm.began_ms)), trial, live: one };
  });
  for (const alarm of left) found.push({ at_ms: alarm.began_ms, trial: [alarm], live: null });
  return found.sort((a, b) => a.at_ms - b.at_ms);
}
