/** The clocks of an incident as people read them. Pure. */
import type { ClockRow } from "../../api/desk";

export interface Dial {
  kind: string;
  unit: string | undefined;
  working: boolean;
  due_ms: number;
  /** How much of its time is gone, 0 to 1; of working time only the wall's share is known here. */
  share: number;
  /** Percent that it has told of: 0, 50, 80 or 100; of `escalate` the steps. */
  fired: number;
  late: boolean;
}

/** Those that run, the nearest first; the chain of escalation last, since it only follows from the others. */
export function dials(clocks: readonly ClockRow[], now: number): Dial[] {
  const share = (clock: ClockRow) => {
    const length = Math.max(1, clock.due_ms - clock.started_ms);
    return Math.min(1, Math.max(0, (now - clock.started_ms) / length));
  };
  return clocks
    .filter((clock) => clock.stopped_ms === undefined)
    .map((clock) => ({
      kind: clock.kind,
      unit: clock.unit,
      working: clock.working,
      due_ms: clock.due_ms,
      share: share(clock),
      fired: clock.fired,
      late: clock.due_ms <= now && clock.kind !== "escalate",
    }))
    .sort((a, b) => Number(a.kind === "escalate") - Number(b.kind === "escalate") || a.due_ms - b.due_ms);
}
