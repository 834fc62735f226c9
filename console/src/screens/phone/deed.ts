/**
 * What a person of a unit does to an incident, until the gateway has answered: sent with a key of its own, so that
 * sending it again after a lost answer does not do it twice. No words and no React here.
 */
import { freshKey } from "../../actions/command";
import type { Answer, Problem } from "../../api/client";
import type { phone, WorkCommand, WorkVerb } from "../../api/phone";
import type { Incident, IncidentDetail } from "../../api/types";
import { partOf } from "./order";

export interface Photo {
  name: string;
  bytes: Blob;
  /** The gateway has it. */
  sent?: boolean;
}

/** Kept on the phone from the first letter on. */
export interface Deed {
  incident: number;
  action: WorkVerb;
  note: string;
  due_ms?: number;
  /** Of what is red: why no photo goes with it. */
  why_no_file?: string;
  photos: Photo[];
  /** The command as it went out, for as long as nobody knows whether it arrived. */
  sent?: WorkCommand;
  /** When the last attempt failed. */
  lost_ms?: number;
}

export type Outcome =
  | { kind: "done"; incident: Incident }
  /** No answer: it may have arrived. Nothing is tried again by itself. */
  | { kind: "lost" }
  | { kind: "signed_out" }
  /** The unit's own part is another one meanwhile: a person has to look. */
  | { kind: "changed"; current: Incident }
  | { kind: "gone" }
  | { kind: "refused"; problem: Problem };

export interface Wire {
  work: typeof phone.work;
  attach: typeof phone.attach;
  detail: (id: number) => Promise<Answer<IncidentDetail>>;
  /** Keeps the deed as it is now, before anything is sent that depends on it. */
  keep: (deed: Deed) => Promise<void>;
  /** So many of the photos have arrived. */
  onPhoto?: (n: number) => void;
}

/** An urging, a further alarm or another unit's step moves the version and is no reason to ask again. */
const TRIES = 4;

/** Tries once. `seen` is the incident that the person was looking at, `unit` theirs, `viewer` their account. */
export async function deliver(
  deed: Deed,
  seen: Incident,
  who: { unit: string; viewer: number },
  wire: Wire,
): Promise<Outcome> {
  let version = seen.version;
  // Whoever has sent the command has sent all photos before.
  for (let n = 0; deed.sent === undefined && n < deed.photos.length; n++) {
    const photo = deed.photos[n];
    if (!photo || photo.sent) continue;
    wire.onPhoto?.(n + 1);
    // The same bytes again are the same file.
    const answer = await wire.attach(deed.incident, photo.name, photo.bytes);
    if (answer.kind !== "ok") return failed(answer, deed, wire);
    photo.sent = true;
    version = answer.value.incident.version;
    await wire.keep(deed);
  }
  const isRetry = deed.sent !== undefined;
  for (let n = 0; n < TRIES; n++) {
    deed.sent ??= commandOf(deed, version);
    await wire.keep(deed);
    const answer = await wire.work(deed.incident, deed.sent);
    if (answer.kind === "ok") return { kind: "done", incident: answer.value };
    const current =
      answer.kind === "error" && answer.problem.code === "conflict" ? answer.problem.current : null;
    if (!current) return failed(answer, deed, wire);
    // After a while the gateway forgets keys: then its history says whether the lost one had arrived.
    if (isRetry && n === 0) {
      const detail = await wire.detail(deed.incident);
      if (detail.kind !== "ok") return failed(detail, deed, wire);
      if (hasArrived(deed.sent, detail.value, who.viewer)) return { kind: "done", incident: detail.value };
    }
    deed.sent = undefined;
    deed.lost_ms = undefined;
    await wire.keep(deed);
    if (!isSamePart(seen, current, who.unit)) return { kind: "changed", current };
    version = current.version;
  }
  return { kind: "changed", current: seen };
}

function commandOf(deed: Deed, version: number): WorkCommand {
  const note = deed.note.trim();
  return {
    action: deed.action,
    expected_version: version,
    idempotency_key: freshKey(),
    ...(note === "" ? {} : { note }),
    ...(deed.due_ms === undefined ? {} : { due_ms: deed.due_ms }),
    ...(deed.why_no_file === undefined ? {} : { why_no_file: deed.why_no_file }),
  };
}

/** A command makes exactly the version after the one that it expects. */
function hasArrived(sent: WorkCommand, detail: IncidentDetail, viewer: number): boolean {
  return detail.history.some(
    (row) =>
      row.version === sent.expected_version + 1 && row.action === sent.action && row.actor?.id === viewer,
  );
}

/** Nothing of the unit's own part has changed: what was decided still holds. */
function isSamePart(seen: Incident, current: Incident, unit: string): boolean {
  const facts = (incident: Incident) => {
    const part = partOf(incident, unit);
    return [part?.signed_ms, part?.arrived_ms, part?.finished_ms, part?.ended_ms, part?.reworks].join();
  };
  return facts(seen) === facts(current);
}

async function failed(answer: Answer<unknown>, deed: Deed, wire: Wire): Promise<Outcome> {
  const problem = answer.kind === "error" ? answer.problem : null;
  const isUnknown = problem === null || problem.status === 0 || problem.status >= 500;
  if (isUnknown) {
    deed.lost_ms = Date.now();
    await wire.keep(deed);
    return { kind: "lost" };
  }
  if (problem.status === 401) {
    deed.lost_ms = Date.now();
    await wire.keep(deed);
    return { kind: "signed_out" };
  }
  if (problem.status === 404) return { kind: "gone" };
  // A clear no: it has not happened, and the next attempt is another command.
  deed.sent = undefined;
  deed.lost_ms = undefined;
  await wire.keep(deed);
  return { kind: "refused", problem };
}

/** What was not confirmed has visibly happened: it was only the answer that was lost. */
export function isDone(deed: Deed, incident: Incident, unit: string): boolean {
  const part = partOf(incident, unit);
  if (!deed.sent || !part) return false;
  if (deed.action === "sign_in") return part.signed_ms !== undefined;
  if (deed.action === "arrive") return part.arrived_ms !== undefined;
  if (deed.action === "finish") return part.finished_ms !== undefined;
  return false;
}
