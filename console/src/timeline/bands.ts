/** What lies where on a row of the strip: merging into pixels and finding things under the pointer. */
import type { AlarmLevel, RecordingGap, TimelineAlarm, TimelineRow } from "../api/recordings";

/** The families of causes that have a colour and a pattern of their own; the words name the exact cause. */
export type CauseFamily = "camera" | "service" | "disk" | "policy" | "stream";

const FAMILY: Record<string, CauseFamily> = {
  camera_offline: "camera",
  auth_failed: "camera",
  not_found: "camera",
  no_media: "camera",
  stalled: "camera",
  quarantined: "camera",
  restart: "service",
  stopped: "service",
  session_ended: "service",
  backlog: "disk",
  disk: "disk",
  corrupt: "disk",
  recording_off: "policy",
  retention: "policy",
  clock_step: "stream",
  parameter_change: "stream",
  unsupported: "stream",
  packet_loss: "stream",
  timestamp_jump: "stream",
};

export const familyOf = (cause: string): CauseFamily => FAMILY[cause] ?? "stream";
export const FAMILIES: readonly CauseFamily[] = ["camera", "service", "disk", "policy", "stream"];

const SEVERITY: Record<AlarmLevel, number> = { red: 1, orange: 2, yellow: 3, blue: 4 };
export const severityOf = (level: AlarmLevel): number => SEVERITY[level] ?? 4;

/** Alarm marks that would overlap become one, as severe as the worst of them and standing where that one began. */
export function clusterAlarms(alarms: readonly TimelineAlarm[], slack_ms: number): TimelineAlarm[] {
  const sorted = [...alarms].sort((a, b) => a.from_ms - b.from_ms);
  const found: TimelineAlarm[] = [];
  let edge_ms = Number.NEGATIVE_INFINITY;
  for (const alarm of sorted) {
    const last = found[found.length - 1];
    if (last && alarm.from_ms < edge_ms + slack_ms) {
      const worst = severityOf(alarm.level) < severityOf(last.level) ? alarm : last;
      found[found.length - 1] = { ...worst, n: last.n + alarm.n };
    } else {
      found.push(alarm);
      edge_ms = alarm.from_ms;
    }
  }
  return found;
}

export type Thing =
  | { kind: "gap"; gap: RecordingGap }
  | { kind: "alarm"; alarm: TimelineAlarm }
  | { kind: "recorded" }
  | { kind: "nothing" };

/** What the pointer is on; small things are caught within `slack_ms`, and alarms go before gaps. */
export function thingAt(row: TimelineRow, at_ms: number, slack_ms: number): Thing {
  let nearest: TimelineAlarm | null = null;
  for (const alarm of row.alarms) {
    const away = Math.abs(alarm.from_ms - at_ms);
    if (away > slack_ms * 2) continue;
    if (nearest === null || away < Math.abs(nearest.from_ms - at_ms)) nearest = alarm;
  }
  if (nearest) return { kind: "alarm", alarm: nearest };
  const gap = row.gaps.find(
    (g) => at_ms >= g.from_ms - slack_ms && at_ms < (g.to_ms ?? Number.POSITIVE_INFINITY) + slack_ms,
  );
  if (gap) return { kind: "gap", gap };
  if (row.recorded.some((r) => at_ms >= r.from_ms && at_ms < r.to_ms)) return { kind: "recorded" };
  return { kind: "nothing" };
}

/** The first recorded instant after `at_ms` on any of the rows; null when none of them has one. */
export function nextRecorded(rows: readonly TimelineRow[], at_ms: number): number | null {
  let first: number | null = null;
  for (const row of rows) {
    for (const { from_ms, to_ms } of row.recorded) {
      if (to_ms <= at_ms) continue;
      const from = Math.max(from_ms, at_ms);
      if (first === null || from < first) first = from;
    }
  }
  return first;
}

/** Rows of `height` pixels that are in sight, with one more on both sides. */
export function visibleRows(
  n: number,
  height: number,
  scroll: number,
  viewport: number,
): { first: number; last: number } {
  const first = Math.max(0, Math.floor(scroll / height) - 1);
  const last = Math.min(n - 1, Math.ceil((scroll + viewport) / height));
  return { first, last };
}
