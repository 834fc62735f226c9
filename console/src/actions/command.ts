/**
 * Carrying out what an operator decided: with the version that they saw, and with a key that makes a repeat after
 * a lost answer the same command. No words and no React here.
 */
import { type Answer, client } from "../api/client";
import type { CloseReason, Incident, IncidentCommand, ReopenReason } from "../api/types";

export type Decision =
  | { verb: "claim" | "release" }
  | { verb: "close"; reason: CloseReason; note?: string }
  | { verb: "reopen"; reason: ReopenReason; note?: string };
export type Verb = Decision["verb"];

type Send = (id: number, command: IncidentCommand) => Promise<Answer<Incident>>;

let counter = 0;
/** `crypto.randomUUID` exists only on secure origins, and a township's console may be plain http on its own network. */
export function freshKey(): string {
  const random = crypto.getRandomValues(new Uint32Array(4));
  counter += 1;
  return `${[...random].map((n) => n.toString(16).padStart(8, "0")).join("")}-${counter}`;
}

function commandOf(incident: Incident, decision: Decision): IncidentCommand {
  const base = { action: decision.verb, expected_version: incident.version, idempotency_key: freshKey() };
  switch (decision.verb) {
    case "close":
      return { ...base, reason: decision.reason, note: decision.note };
    case "reopen":
      return { ...base, reopen_reason: decision.reason, note: decision.note };
    case "claim":
    case "release":
      return base;
  }
}

async function sendSafely(incident: Incident, decision: Decision, send: Send): Promise<Answer<Incident>> {
  const command = commandOf(incident, decision);
  const first = await send(incident.id, command);
  // The answer was lost, perhaps not the command: the same key asks what became of it.
  if (first.kind === "error" && first.problem.status === 0) return send(incident.id, command);
  return first;
}

/** No person has touched it in between: only the machine added an alarm or raised the level. */
function sameHands(seen: Incident, current: Incident): boolean {
  return seen.state === current.state && seen.owner?.id === current.owner?.id;
}

async function sendOnce(incident: Incident, decision: Decision, send: Send): Promise<Answer<Incident>> {
  const first = await sendSafely(incident, decision, send);
  const current =
    first.kind === "error" && first.problem.code === "conflict" ? first.problem.current : undefined;
  // An alarm that attaches while the operator reaches for the key is no reason to refuse them.
  if (current && sameHands(incident, current)) return sendSafely(current, decision, send);
  return first;
}

/** Only a claimed incident can be closed: closing an unclaimed one takes it first. */
export async function carryOut(
  incident: Incident,
  decision: Decision,
  send: Send = client.act,
): Promise<Answer<Incident>> {
  if (decision.verb !== "close" || incident.state !== "new") return sendOnce(incident, decision, send);
  const claimed = await sendOnce(incident, { verb: "claim" }, send);
  return claimed.kind === "ok" ? sendOnce(claimed.value, decision, send) : claimed;
}

/** What this person may do with it now; the server has the last word. */
export function possible(incident: Incident, viewerId: number): ReadonlySet<Verb> {
  const mine = incident.owner?.id === viewerId;
  switch (incident.state) {
    case "new":
      return new Set<Verb>(["claim", "close"]);
    case "claimed":
      return mine ? new Set<Verb>(["release", "close"]) : new Set();
    case "closed":
    case "revisited":
    case "rejected":
      return new Set<Verb>(["reopen"]);
    default:
      return new Set();
  }
}

/** Digits 1 to 5 choose these. */
export const CLOSE_REASONS: readonly CloseReason[] = [
  "handled",
  "false_alarm",
  "no_action",
  "duplicate",
  "test",
];
export const REOPEN_REASONS: readonly ReopenReason[] = ["recurred", "mistake", "new_evidence", "discontent"];
