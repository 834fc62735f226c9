/**
 * Carrying out what an operator decided: with the version that they saw, and with a key that makes a repeat after
 * a lost answer the same command. No words and no React here.
 */
import { type Answer, client } from "../api/client";
import { desk, type WorkCommand, type WorkVerb } from "../api/desk";
import type { CloseReason, Incident, IncidentCommand, ReopenReason } from "../api/types";
import { type CentreVerb, takesFirst, type Verb } from "./lifecycle";

type Fields<Command> = Omit<Partial<Command>, "action" | "expected_version" | "idempotency_key">;

/** What the centre does, with the fields that the verb takes. */
export type CentreDecision = { verb: CentreVerb } & Fields<IncidentCommand>;
/** What a unit does, or the centre in its name; its files go up after it, and before it is done. */
export type WorkDecision = { verb: WorkVerb; unit: string; files?: readonly File[] } & Fields<WorkCommand>;
export type Decision = CentreDecision | WorkDecision;

/** An answer, and the incident that the last step was decided upon. */
export type Outcome = Answer<Incident> & { upon: Incident };

/** What needs no question: it is undone by the next key, or is only taken up. */
export const AT_ONCE: readonly Verb[] = ["claim", "release", "unhold", "unmerge", "unshelve"];
/** True of the incident however bad it is, whatever it is and wherever. */
const OF_ANY: readonly Verb[] = [...AT_ONCE, "note"];

type Command = IncidentCommand | WorkCommand;
type Send = (id: number, command: Command) => Promise<Answer<Incident>>;

const WORK: readonly string[] = [
  "sign_in",
  "arrive",
  "feedback",
  "finish",
  "return",
  "ask_extension",
  "ask_hold",
] satisfies WorkVerb[];
export const isWork = (decision: Decision): decision is WorkDecision => WORK.includes(decision.verb);

const sendByKind: Send = (id, command) =>
  WORK.includes(command.action)
    ? desk.work(id, command as WorkCommand)
    : client.act(id, command as IncidentCommand);

let counter = 0;
/** `crypto.randomUUID` exists only on secure origins, and a township's console may be plain http on its own network. */
export function freshKey(): string {
  const random = crypto.getRandomValues(new Uint32Array(4));
  counter += 1;
  return `${[...random].map((n) => n.toString(16).padStart(8, "0")).join("")}-${counter}`;
}

function commandOf(incident: Incident, decision: Decision): Command {
  const base = { expected_version: incident.version, idempotency_key: freshKey() };
  if (isWork(decision)) {
    const { verb, files: _, ...fields } = decision;
    return { ...base, action: verb, ...fields };
  }
  const { verb, ...fields } = decision;
  return { ...base, action: verb, ...fields } as IncidentCommand;
}

async function sendSafely(incident: Incident, decision: Decision, send: Send): Promise<Answer<Incident>> {
  const command = commandOf(incident, decision);
  const first = await send(incident.id, command);
  // The answer was lost, perhaps not the command: the same key asks what became of it.
  if (first.kind === "error" && first.problem.status === 0) return send(incident.id, command);
  return first;
}

/** No person has decided anything in between: only the machine added an alarm or warned, or somebody wrote a note. */
function sameHands(seen: Incident, current: Incident): boolean {
  const settled = (i: Incident) =>
    JSON.stringify([
      i.state,
      i.owner?.id,
      i.units,
      i.due_ms,
      i.asked_due_ms,
      i.asked_hold_ms,
      i.held_since_ms,
      i.urged,
    ]);
  return settled(seen) === settled(current);
}

/** What an incident was shown as and is not any more; in words to the operator who decided about it. */
export type Change = "raised" | "lowered" | "class" | "area";

export function changesOf(seen: Incident, current: Incident): Change[] {
  const changes: Change[] = [];
  if (current.level < seen.level) changes.push("raised");
  if (current.level > seen.level) changes.push("lowered");
  if (current.class !== seen.class) changes.push("class");
  if (current.area !== seen.area) changes.push("area");
  return changes;
}

type Holds = (seen: Incident, current: Incident) => boolean;

/** A decision about what was shown is one about this too. */
const isAsShown: Holds = (seen, current) => sameHands(seen, current) && changesOf(seen, current).length === 0;

const holdsFor = (decision: Decision): Holds => (OF_ANY.includes(decision.verb) ? sameHands : isAsShown);

/** What to decide upon: the newest that is known, unless the question showed something else than it is. */
export function uponWhich(
  shown: Incident,
  newest: Incident | undefined,
  decisions: readonly Decision[],
): Incident {
  if (!newest || newest.version <= shown.version) return shown;
  return decisions.every((decision) => holdsFor(decision)(shown, newest)) ? newest : shown;
}

async function sendOnce(
  incident: Incident,
  decision: Decision,
  holds: Holds,
  send: Send,
): Promise<Answer<Incident>> {
  const first = await sendSafely(incident, decision, send);
  const current =
    first.kind === "error" && first.problem.code === "conflict" ? first.problem.current : undefined;
  // An alarm that attaches while the operator reaches for the key is no reason to refuse them.
  if (current && holds(incident, current)) return sendSafely(current, decision, send);
  return first;
}

/** One decision. What must be claimed for it and is not is claimed first. */
export async function carryOut(
  incident: Incident,
  decision: Decision,
  send: Send = sendByKind,
): Promise<Outcome> {
  const holds = holdsFor(decision);
  if (!takesFirst(incident, decision.verb)) {
    return { ...(await sendOnce(incident, decision, holds, send)), upon: incident };
  }
  // Claimed for the decision's sake: what the decision does not hold for is not claimed for it either.
  const claimed = await sendOnce(incident, { verb: "claim" }, holds, send);
  if (claimed.kind !== "ok") return { ...claimed, upon: incident };
  return { ...(await sendOnce(claimed.value, decision, holds, send)), upon: claimed.value };
}

/** One after the other, each upon what the one before made of it; the first that fails is the answer. */
export async function carryOutAll(
  incident: Incident,
  decisions: readonly Decision[],
  send: Send = sendByKind,
): Promise<Outcome> {
  let now = incident;
  let upon = incident;
  for (const decision of decisions) {
    const outcome = await carryOut(now, decision, send);
    if (outcome.kind !== "ok") return outcome;
    now = outcome.value;
    upon = outcome.upon;
  }
  return { kind: "ok", value: now, upon };
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
