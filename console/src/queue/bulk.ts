/**
 * One decision for many incidents of a group: each is an action of its own, with the version that was seen and a
 * history row. Whoever was faster is not overruled: theirs is skipped.
 */
import type { Answer } from "../api/client";
import type { Incident, IncidentCommand } from "../api/types";

export type BulkDecision =
  | { verb: "false_alarm"; note: string }
  | { verb: "shelve"; until_ms: number; note: string };

/** As many as one decision may take. */
export const MOST_BULK = 200;

export type Send = (id: number, command: IncidentCommand) => Promise<Answer<Incident>>;

export interface BulkResult {
  done: Incident[];
  skipped: Incident[];
  /** The server went away in between: what is left was not tried. */
  broken: boolean;
}

type Command = Omit<IncidentCommand, "expected_version" | "idempotency_key">;

function commands(decision: BulkDecision): Command[] {
  if (decision.verb === "shelve") {
    return [{ action: "shelve", until_ms: decision.until_ms, note: decision.note }];
  }
  return [{ action: "claim" }, { action: "close", reason: "false_alarm", note: decision.note }];
}

/** What takes a decision back. */
export function undoOf(decision: BulkDecision, note: string): Command[] {
  return decision.verb === "shelve"
    ? [{ action: "unshelve" }]
    : [{ action: "reopen", reopen_reason: "mistake", note }];
}

export async function carryOutBulk(
  incidents: readonly Incident[],
  decision: BulkDecision | readonly Command[],
  send: Send,
  freshKey: () => string,
  onStep: (tried: number) => void = () => undefined,
): Promise<BulkResult> {
  const steps = "verb" in decision ? commands(decision) : decision;
  const result: BulkResult = { done: [], skipped: [], broken: false };
  for (const [tried, incident] of incidents.slice(0, MOST_BULK).entries()) {
    onStep(tried);
    let now = incident;
    let refused = false;
    for (const step of steps) {
      const command = { ...step, expected_version: now.version, idempotency_key: freshKey() };
      let answer = await send(incident.id, command as IncidentCommand);
      // The answer was lost, perhaps not the command: the same key asks what became of it.
      if (answer.kind === "error" && answer.problem.code === "unreachable") {
        answer = await send(incident.id, command as IncidentCommand);
      }
      if (answer.kind === "ok") {
        now = answer.value;
        continue;
      }
      refused = true;
      if (answer.kind === "error" && answer.problem.code === "conflict" && answer.problem.current) {
        now = answer.problem.current;
      }
      result.broken = answer.kind !== "error" || answer.problem.status === 0;
      break;
    }
    (refused ? result.skipped : result.done).push(now);
    if (result.broken) break;
  }
  return result;
}
