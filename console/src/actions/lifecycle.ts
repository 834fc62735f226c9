/**
 * What may be done in which state, and by which key. The server says it of an incident that was fetched (`choices`);
 * for rows of the queue, and between an event and the next fetch, this mirror of the gateway's table
 * (`gateway/domain/src/incident/table.rs`) stands in. The server has the last word either way.
 */
import type { Assignment, WorkVerb } from "../api/desk";
import type { Incident, IncidentState, IncidentVerb } from "../api/types";

/** What the console offers of the centre's verbs; handing over belongs to the change of shifts. */
export type CentreVerb = Exclude<IncidentVerb, "hand_over">;
export type Verb = CentreVerb | WorkVerb;

interface Line {
  key: string;
  from: readonly IncidentState[];
}

const WITH_UNIT: readonly IncidentState[] = ["dispatched", "signed", "handling"];
const FINISHED: readonly IncidentState[] = ["closed", "revisited", "rejected"];
const OWNED: readonly IncidentState[] = ["claimed", "assessed", ...WITH_UNIT, "done"];
const OWNED_TO_THE_END: readonly IncidentState[] = [...OWNED, "verified"];
const OPEN: readonly IncidentState[] = ["new", ...OWNED_TO_THE_END, "shelved"];
const ALL: readonly IncidentState[] = [...OPEN, ...FINISHED, "merged"];

/** Keys are lower case. Verbs that share one are never possible together. */
export const LINES: Readonly<Record<CentreVerb, Line>> = {
  claim: { key: "c", from: ["new", "claimed"] },
  take_over: { key: "c", from: OWNED_TO_THE_END },
  release: { key: "u", from: ["claimed"] },
  assess: { key: "a", from: ["claimed", "assessed"] },
  dispatch: { key: "d", from: ["assessed", ...WITH_UNIT] },
  withdraw: { key: "w", from: WITH_UNIT },
  urge: { key: "g", from: OWNED },
  extend: { key: "e", from: WITH_UNIT },
  refuse_extension: { key: "q", from: WITH_UNIT },
  refuse_hold: { key: "b", from: WITH_UNIT },
  hold: { key: "h", from: WITH_UNIT },
  unhold: { key: "h", from: WITH_UNIT },
  verify: { key: "v", from: ["done"] },
  rework: { key: "r", from: ["done"] },
  close: { key: "x", from: ["claimed", "assessed", "verified"] },
  revisit: { key: "v", from: ["closed"] },
  archive: { key: "z", from: FINISHED },
  reopen: { key: "o", from: FINISHED },
  reject: { key: "r", from: ["claimed", "assessed"] },
  merge: { key: "m", from: ["new", ...OWNED, "verified"] },
  unmerge: { key: "m", from: ["merged"] },
  shelve: { key: "s", from: ["new", "claimed", "assessed"] },
  unshelve: { key: "s", from: ["shelved"] },
  raise: { key: "+", from: OPEN },
  note: { key: "p", from: ALL },
};

/** Of an incident that nobody has taken these take it first. */
const TAKES_IT: readonly CentreVerb[] = ["close", "assess", "reject"];
/** What others may do while somebody has claimed it. */
const OPEN_TO_OTHERS: readonly CentreVerb[] = ["take_over", "urge", "raise", "note"];

/** Where it stands in the seven steps, 0 to 6; what was put away stands nowhere. */
export function stepOf(incident: Incident): number | undefined {
  switch (incident.state) {
    case "new":
      return 0;
    case "claimed":
      return 1;
    case "assessed":
      return 2;
    case "dispatched":
    case "signed":
    case "handling":
      return incident.urged > 0 || incident.overdue ? 4 : 3;
    case "done":
    case "verified":
      return 5;
    case "closed":
      return 6;
    case "revisited":
      return 7;
    default:
      return undefined;
  }
}

/** The one that leads on from here. */
const NEXT: Partial<Record<IncidentState, CentreVerb>> = {
  new: "claim",
  claimed: "assess",
  assessed: "dispatch",
  done: "verify",
  verified: "close",
  closed: "revisit",
  revisited: "archive",
  merged: "unmerge",
  shelved: "unshelve",
};
export const nextVerb = (incident: Incident): CentreVerb | undefined => NEXT[incident.state];

/** A fetched incident says what is possible; a row does not. */
export type Known = Incident & { choices?: readonly string[] };

function idle(incident: Incident, verb: CentreVerb, viewerId: number): boolean {
  switch (verb) {
    case "take_over":
      return incident.owner === undefined || incident.owner.id === viewerId;
    case "hold":
      return incident.held_since_ms !== undefined;
    case "unhold":
      return incident.held_since_ms === undefined;
    case "archive":
      return incident.archived_ms !== undefined;
    case "refuse_extension":
      return incident.asked_due_ms === undefined;
    case "refuse_hold":
      return incident.asked_hold_ms === undefined;
    case "raise":
      return incident.level === 1;
    default:
      return false;
  }
}

function mirrored(incident: Incident, viewerId: number, now: number): CentreVerb[] {
  const heldByOther =
    incident.state === "claimed" && incident.owner !== undefined && incident.owner.id !== viewerId;
  const leaseOver = (incident.lease_until_ms ?? Number.POSITIVE_INFINITY) <= now;
  const may = (verb: CentreVerb) =>
    !heldByOther || OPEN_TO_OTHERS.includes(verb) || (verb === "claim" && leaseOver);
  return (Object.keys(LINES) as CentreVerb[]).filter(
    (verb) => LINES[verb].from.includes(incident.state) && !idle(incident, verb, viewerId) && may(verb),
  );
}

/** What this person may do with it now. */
export function possible(incident: Known, viewerId: number, now = Date.now()): ReadonlySet<CentreVerb> {
  const listed =
    incident.choices === undefined
      ? mirrored(incident, viewerId, now)
      : (Object.keys(LINES) as CentreVerb[]).filter((verb) => incident.choices?.includes(verb));
  const verbs = new Set<CentreVerb>(listed);
  // To claim again what is one's own only renews it, and every action does that.
  if (incident.state === "claimed" && incident.owner?.id === viewerId) verbs.delete("claim");
  // Once the lease is over nobody needs a reason to take it.
  if (verbs.has("claim")) verbs.delete("take_over");
  if (incident.state === "new" && verbs.has("claim")) for (const verb of TAKES_IT) verbs.add(verb);
  return verbs;
}

/** `verb` is carried out on what nobody has taken by taking it first. */
export const takesFirst = (incident: Incident, verb: Verb): boolean =>
  incident.state === "new" && (TAKES_IT as readonly Verb[]).includes(verb);

/** While the question was open somebody else took it, or it came to where the verb is not possible any more. */
export function isOvertaken(verb: CentreVerb, seen: Incident, now: Incident, viewerId: number): boolean {
  const byOther = now.owner !== undefined && now.owner.id !== viewerId && now.owner.id !== seen.owner?.id;
  return byOther || !possible(now, viewerId).has(verb);
}

/** The verb that a key means here: the possible one, or else the first that has the key. */
export function verbOf(key: string, allowed: ReadonlySet<CentreVerb>): CentreVerb | undefined {
  const wanted = key === "=" ? "+" : key;
  const having = (Object.keys(LINES) as CentreVerb[]).filter((verb) => LINES[verb].key === wanted);
  return having.find((verb) => allowed.has(verb)) ?? having[0];
}

export const KEYS: readonly string[] = [...new Set(Object.values(LINES).map((line) => line.key)), "="];

/** What a unit may do next, in the order of its own steps. */
export function unitVerbs(one: Assignment, incident: Incident): WorkVerb[] {
  if (one.ended_ms !== undefined || ![...WITH_UNIT, "done"].includes(incident.state)) return [];
  const working = WITH_UNIT.includes(incident.state);
  const verbs: WorkVerb[] = [];
  if (working && one.signed_ms === undefined) verbs.push("sign_in");
  if (working && one.signed_ms !== undefined && one.arrived_ms === undefined) verbs.push("arrive");
  verbs.push("feedback");
  if (working && one.arrived_ms !== undefined && one.finished_ms === undefined) verbs.push("finish");
  if (working && incident.due_ms !== undefined && !incident.overdue) verbs.push("ask_extension");
  if (working && one.finished_ms === undefined) verbs.push("return");
  const asksHold = incident.held_since_ms === undefined && incident.asked_hold_ms === undefined;
  if (working && asksHold) verbs.push("ask_hold");
  return verbs;
}

/** Of the units those that are still counted on. */
export const active = (units: readonly Assignment[]): Assignment[] =>
  units.filter((one) => one.ended_ms === undefined);

/** Nothing without a word of why. */
const NOTED: readonly Verb[] = [
  "take_over",
  "return",
  "withdraw",
  "rework",
  "ask_extension",
  "refuse_extension",
  "ask_hold",
  "refuse_hold",
  "hold",
  "feedback",
  "finish",
  "note",
];
export const needsNote = (verb: Verb): boolean => NOTED.includes(verb);
