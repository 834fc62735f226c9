/** When a unit's page rings, and how a phone shakes with it. No words and no React here. */
import type { Incident } from "../../api/types";
import { dueOf, partOf, type Step, stepOf } from "./order";

/** A new task, pressing, work that was not accepted, a task that is no longer theirs, a worse level, little time left. */
export type Ring = "told" | "urged" | "rework" | "recalled" | "raised" | "due";

/** Milliseconds of shaking and rest. */
export const SHAKES: Readonly<Record<Ring, readonly number[]>> = {
  told: [400, 150, 400, 150, 400],
  urged: [250, 100, 250, 100, 250, 100, 250],
  rework: [400, 150, 400],
  recalled: [800],
  raised: [400, 150, 400, 150, 400],
  due: [200, 100, 200],
};

const counts = (step: Step): boolean => step !== "over" && step !== "done";

/** What became of one incident, `undefined` where it was or is not this unit's to see. */
export function ringOf(before: Incident | undefined, after: Incident | undefined, unit: string): Ring | null {
  const was = before ? stepOf(before, unit) : "over";
  const is = after ? stepOf(after, unit) : "over";
  if (counts(was) && is === "over") return "recalled";
  if (!after || !counts(is)) return null;
  if (!before || was === "over") return "told";
  if (was === "done") return "rework";
  if (after.urged > before.urged) return "urged";
  return after.level < before.level ? "raised" : null;
}

/** As the gateway warns: of the time for the next step this share is gone. */
const WARN_AT = 0.8;

/** A name for the step whose time is nearly over now, the same until it is another; nothing once it is over. */
export function nearEnd(incident: Incident, unit: string, now: number): string | null {
  const step = stepOf(incident, unit);
  const due = dueOf(incident, step);
  const part = partOf(incident, unit);
  if (due === undefined || part === undefined || now >= due) return null;
  const began = step === "arrive" ? (part.signed_ms ?? part.told_ms) : part.told_ms;
  return now >= began + (due - began) * WARN_AT ? `${incident.id}/${step}/${due}` : null;
}
