/**
 * Carrying out what an operator decided: with the version that they saw, and with a key that makes a repeat after
 * a lost answer the same command. No words and no React here.
 */
import { type Answer, client } from "../api/client";
import type { CloseReason, Incident, IncidentCommand } from "../api/types";

export type Decision =
  | { verb: "claim" | "release" | "reopen" }
  | { verb: "close"; reason: CloseReason; note?: string };

type Send = (id: number, command: IncidentCommand) => Promise<Answer<Incident>>;

let counter = 0;
/** `crypto.randomUUID` exists only on secure origins, and a township's console may be plain http on its own network. */
export function freshKey(): string {
  const random = crypto.getRandomValues(new Uint32Array(4));
  counter += 1;
  return `${[...random].map((n) => n.toString(16).padStart(8, "0")).join("")}-${counter}`;
}

async function sendTwice(incident: Incident, decision: Decision, send: Send): Promise<Answer<Incident>> {
  const command: IncidentCommand = {
    action: decision.verb,
    expected_version: incident.version,
    idempotency_key: freshKey(),
    ...(decision.verb === "close" && { reason: decision.reason }),
    ...(decision.verb === "close" && decision.note && { note: decision.note }),
  };
  const first = await send(incident.id, command);
  // The answer was lost, perhaps not the command: the same key asks what became of it.
  if (first.kind === "error" && first.problem.status === 0) return send(incident.id, command);
  return first;
}

/** Only a claimed incident can be closed: closing an unclaimed one takes it first. */
export async function carryOut(
  incident: Incident,
  decision: Decision,
  send: Send = client.act,
): Promise<Answer<Incident>> {
  let current = incident;
  if (decision.verb === "close" && incident.state === "new") {
    const claimed = await sendTwice(incident, { verb: "claim" }, send);
    if (claimed.kind !== "ok") return claimed;
    current = claimed.value;
  }
  return sendTwice(current, decision, send);
}

/** What this person may do with it now; the server has the last word. */
export function possible(incident: Incident, viewerId: number): ReadonlySet<Decision["verb"]> {
  const mine = incident.owner?.id === viewerId;
  switch (incident.state) {
    case "new":
      return new Set(["claim", "close"] as const);
    case "claimed":
      return mine ? new Set(["release", "close"] as const) : new Set();
    case "closed":
    case "revisited":
    case "rejected":
      return new Set(["reopen"] as const);
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
