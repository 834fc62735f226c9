/**
 * One decision for many incidents of a group: each is an action of its own, with the version that was seen and a
 * history row. Whoever was faster is not overruled, and what is red is decided one by one: each that is left is named,
 * with why.
 */
import type { Answer, Problem } from "../api/client";
import type { Incident, IncidentCommand } from "../api/types";

export type BulkDecision =
  | { verb: "false_alarm"; note: string }
  | { verb: "shelve"; until_ms: number; note: string };

/** As many as one decision may take. */
export const MOST_BULK = 200;

export type Send = (id: number, command: IncidentCommand) => Promise<Answer<Incident>>;

/** Why one of many was left as it is. */
export type BulkRefusal =
  /** Red ones are looked at one by one. */
  | { why: "red" }
  /** More than one decision may take. */
  | { why: "limit" }
  /** Somebody or something was faster; `by` has it now. */
  | { why: "changed"; by?: string }
  /** The gateway refused it. */
  | { why: "refused"; problem: Problem }
  /** The gateway went away: nobody knows, or it was not tried. */
  | { why: "unreachable" };

export interface BulkResult {
  done: Incident[];
  refused: { incident: Incident; reason: BulkRefusal }[];
  /** The server went away in between: what is left was not tried. */
  broken: boolean;
}

const RED = 1;

function reasonOf(answer: Exclude<Answer<Incident>, { kind: "ok" }>): BulkRefusal {
  if (answer.kind !== "error" || answer.problem.status === 0) return { why: "unreachable" };
  const { problem } = answer;
  if (problem.code !== "conflict") return { why: "refused", problem };
  if (problem.current?.level === RED) return { why: "red" };
  return { why: "changed", by: problem.current?.owner?.name };
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
  const result: BulkResult = { done: [], refused: [], broken: false };
  const leave = (incident: Incident, reason: BulkRefusal) => result.refused.push({ incident, reason });
  const isRed = (incident: Incident) => "verb" in decision && incident.level === RED;
  for (const incident of incidents.filter(isRed)) leave(incident, { why: "red" });
  const allowed = incidents.filter((incident) => !isRed(incident));
  for (const incident of allowed.slice(MOST_BULK)) leave(incident, { why: "limit" });
  for (const [tried, incident] of allowed.slice(0, MOST_BULK).entries()) {
    if (result.broken) {
      leave(incident, { why: "unreachable" });
      continue;
    }
    onStep(tried);
    let now = incident;
    let reason: BulkRefusal | undefined;
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
      reason = reasonOf(answer);
      if (answer.kind === "error" && answer.problem.code === "conflict" && answer.problem.current) {
        now = answer.problem.current;
      }
      result.broken = answer.kind !== "error" || answer.problem.status === 0;
      break;
    }
    if (reason) leave(now, reason);
    else result.done.push(now);
  }
  return result;
}
