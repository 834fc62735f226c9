/** The operator's verbs for a screen: carries them out, says what happened, and owns the dialogs that ask first. */
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { client, type Problem } from "../api/client";
import { desk } from "../api/desk";
import { mayAct, useViewer } from "../api/session";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { problemText } from "../i18n/format";
import { useLive } from "../live/LiveProvider";
import { carryOutAll, type Decision, isWork } from "./command";
import { type CentreVerb, type Known, possible, type Verb, verbOf } from "./lifecycle";
import { VerbDialog } from "./VerbDialog";

/** `false`: a false alarm, which is a closing of its own. */
export type Asking =
  | { kind: CentreVerb | "false"; incident: Incident }
  | { kind: "unit"; incident: Incident; unit: string };

/** What needs no question: it is undone by the next key, or is only taken up. */
const AT_ONCE: readonly CentreVerb[] = ["claim", "release", "unhold", "unmerge", "unshelve"];

export function useActions(onDone?: (incident: Incident, verb: Verb) => void) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { book } = useLive();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [busy, setBusy] = useState<number | null>(null);

  const refresh = (id: number) => {
    void queries.invalidateQueries({ queryKey: ["incident", id] });
    void queries.invalidateQueries({ queryKey: ["incidents", "found"] });
  };

  /** Who was quicker, and with what: the history knows, wherever the owner alone does not say it. */
  const conflict = async (seen: Incident, current: Incident | undefined) => {
    if (!current) return void message.warning(t.error.codes.conflict, 5);
    book.apply(current);
    const state = t.state[current.state] ?? current.state;
    const holder = current.owner;
    if (holder && holder.id !== viewer.id && current.state === "claimed" && seen.state === "new") {
      return void message.warning(t.desk.who.claimed(holder.name), 5);
    }
    const detail = await client.incident(current.id);
    const rows = detail.kind === "ok" ? detail.value.history : [];
    const byOther = rows.filter(
      (one) => one.actor && one.actor.id !== viewer.id && one.version > seen.version,
    );
    const row = byOther.at(-1);
    if (row?.actor) {
      const what = t.history[row.action] ?? row.action;
      message.warning(t.desk.who.moved(row.actor.name, what, state), 6);
    } else message.warning(t.desk.who.changed(state), 5);
  };

  const refuse = (seen: Incident, problem: Problem) => {
    if (problem.code === "conflict") void conflict(seen, problem.current);
    else message.error(problemText(t, problem), 6);
  };

  const told = (incident: Incident, decision: Decision) => {
    const reason = incident.close_reason;
    const more = decision.verb === "close" && reason ? ` · ${t.reason[reason] ?? reason}` : "";
    message.success(`#${incident.number} ${t.desk.done[decision.verb] ?? ""}${more}`, 2);
    onDone?.(incident, decision.verb);
  };

  const addFiles = async (id: number, files: readonly File[], unit?: string) => {
    let added = 0;
    for (const file of files) {
      const answer = await desk.attach(id, file, unit);
      if (answer.kind === "ok") {
        book.apply(answer.value);
        added += 1;
      } else if (answer.kind === "error") message.error(`${file.name}：${problemText(t, answer.problem)}`, 6);
    }
    if (added > 0) message.success(t.desk.files.added(added), 2);
    refresh(id);
  };

  const decide = async (incident: Incident, decisions: readonly Decision[]) => {
    const last = decisions.at(-1);
    if (busy !== null || !last) return;
    setAsking(null);
    setBusy(incident.id);
    const answer = await carryOutAll(incident, decisions);
    setBusy(null);
    if (answer.kind === "ok") {
      book.apply(answer.value);
      told(answer.value, last);
      const files = isWork(last) ? (last.files ?? []) : [];
      if (isWork(last) && files.length > 0) await addFiles(incident.id, files, last.unit);
    } else if (answer.kind === "error") refuse(incident, answer.problem);
    refresh(incident.id);
  };

  const can = (incident: Known, verb: CentreVerb) =>
    mayAct(viewer.role) && possible(incident, viewer.id).has(verb);

  /** Why a key did nothing: silence would look like a broken keyboard. */
  const explain = (incident: Incident, verb: CentreVerb) => {
    if (!mayAct(viewer.role)) message.info(t.act.readOnly);
    else if (incident.owner && incident.owner.id !== viewer.id && incident.state === "claimed") {
      message.info(t.act.conflictHeld(incident.owner.name));
    } else if (incident.state === "new") message.info(t.desk.notHeld);
    else {
      const state = t.state[incident.state] ?? incident.state;
      message.info(t.desk.notNow(t.desk.verb[verb] ?? verb, state));
    }
  };

  /** Begins a verb: does it, or asks first. */
  const run = (incident: Known, verb: CentreVerb) => {
    if (!can(incident, verb)) explain(incident, verb);
    else if (AT_ONCE.includes(verb)) void decide(incident, [{ verb }]);
    else setAsking({ kind: verb, incident });
  };

  const actions = {
    busy,
    can,
    run,
    /** What a key means for this incident, if it means anything. */
    press: (incident: Known, key: string) => {
      const verb = verbOf(key, mayAct(viewer.role) ? possible(incident, viewer.id) : new Set());
      if (verb) run(incident, verb);
    },
    askFalse: (i: Known) =>
      can(i, "close") ? setAsking({ kind: "false", incident: i }) : explain(i, "close"),
    /** Acts for a unit that answers by telephone. */
    askUnit: (i: Known, unit: string) => {
      if (!mayAct(viewer.role)) message.info(t.act.readOnly);
      else setAsking({ kind: "unit", incident: i, unit });
    },
    addFiles,
  };

  // The version may have moved on while the dialog was open, by another alarm for instance: what the operator
  // decides about is the incident, and who holds it is checked by the server.
  const answer = (decisions: readonly Decision[]) =>
    asking && void decide(book.get(asking.incident.id) ?? asking.incident, decisions);
  const dialogs = asking && <VerbDialog asking={asking} onDecide={answer} onCancel={() => setAsking(null)} />;
  return { actions, dialogs, asking: asking !== null };
}

export type Actions = ReturnType<typeof useActions>["actions"];
