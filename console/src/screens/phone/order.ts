/** Which of a unit's incidents comes first, and what the unit does next. No words and no React here. */
import type { Assignment, ClockRow, HistoryRow, Incident } from "../../api/types";
import { isOpen } from "../../live/book";

/** What a unit has to do next. `over`: it has no part in it any more. */
export type Step = "sign_in" | "arrive" | "work" | "done" | "over";

/** The unit's part, the newest one if it was told more than once. */
export function partOf(incident: Incident, unit: string): Assignment | undefined {
  return incident.units.filter((part) => part.unit === unit).at(-1);
}

export function stepOf(incident: Incident, unit: string): Step {
  const part = partOf(incident, unit);
  if (!part || part.ended_ms !== undefined || !isOpen(incident)) return "over";
  if (part.finished_ms !== undefined) return "done";
  if (part.signed_ms === undefined) return "sign_in";
  return part.arrived_ms === undefined ? "arrive" : "work";
}

/** By when the next thing must have happened, as far as a list knows. */
export function dueOf(incident: Incident, step: Step): number | undefined {
  if (step === "done" || step === "over" || incident.held_since_ms !== undefined) return undefined;
  return step === "work" ? (incident.due_ms ?? incident.deadline_ms) : incident.deadline_ms;
}

const CLOCK: Partial<Record<Step, string>> = { sign_in: "sign", arrive: "arrive", work: "finish" };

/** The same by the incident's own clocks: a list knows only the nearest of all of them. */
export function clockOf(clocks: readonly ClockRow[], unit: string, step: Step): number | undefined {
  const runs = (clock: ClockRow) =>
    clock.kind === CLOCK[step] &&
    clock.stopped_ms === undefined &&
    (clock.unit === undefined || clock.unit === unit);
  return clocks.find(runs)?.due_ms;
}

export interface Tasks {
  todo: Incident[];
  /** The unit is done; the centre has not agreed yet. */
  waiting: Incident[];
}

/** The most urgent first: by level, then by what is left of the time, then by age. */
export function tasksOf(incidents: readonly Incident[], unit: string): Tasks {
  const tasks: Tasks = { todo: [], waiting: [] };
  for (const incident of incidents) {
    const step = stepOf(incident, unit);
    if (step === "done") tasks.waiting.push(incident);
    else if (step !== "over") tasks.todo.push(incident);
  }
  const due = (i: Incident) => dueOf(i, stepOf(i, unit)) ?? Number.MAX_SAFE_INTEGER;
  tasks.todo.sort((a, b) => a.level - b.level || due(a) - due(b) || a.opened_ms - b.opened_ms);
  tasks.waiting.sort((a, b) => b.opened_ms - a.opened_ms);
  return tasks;
}

/** What the centre has told the units in words, the newest first. */
const WORDS_OF_CENTRE = new Set([
  "dispatch",
  "urge",
  "rework",
  "extend",
  "refuse_extension",
  "hold",
  "refuse_hold",
  "assess",
  "note",
]);

export function wordsOfCentre(rows: readonly HistoryRow[], unit: string): HistoryRow[] {
  const said = (row: HistoryRow) =>
    WORDS_OF_CENTRE.has(row.action) &&
    row.note !== undefined &&
    (row.unit === undefined || row.unit === unit);
  return rows.filter(said).reverse();
}

/** Machine's rows that tell a unit nothing: its clocks are on the page. */
const NOISE = new Set(["append", "warn", "escalate", "suggest_close", "lease_expired", "attach"]);

/** What happened that concerns the unit, the newest first: not what the others did. */
export function historyOf(rows: readonly HistoryRow[], unit: string): HistoryRow[] {
  return rows
    .filter((row) => !NOISE.has(row.action) && (row.unit === undefined || row.unit === unit))
    .reverse();
}
