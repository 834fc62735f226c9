/** The operator's verbs for a screen: carries them out, says what happened, and owns the dialogs that ask first. */
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { client, type Problem } from "../api/client";
import { desk, MOST_FILE_BYTES } from "../api/desk";
import { mayAct, useViewer } from "../api/session";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { problemText } from "../i18n/format";
import { useLive } from "../live/LiveProvider";
import { AskedProvider, type Refusal } from "./AskModal";
import { AT_ONCE, carryOutAll, changesOf, type Decision, isWork, uponWhich } from "./command";
import { type CentreVerb, isOvertaken, type Known, possible, type Verb, verbOf } from "./lifecycle";
import { useCentre } from "./useCentre";
import { VerbDialog } from "./VerbDialog";

interface Asked {
  /** As it was when the question came up. */
  incident: Incident;
  /** As it has been shown since, by a refusal for instance: what is confirmed then is about this. */
  told?: Incident;
}
/** `false`: a false alarm, which is a closing of its own. */
export type Asking = Asked & ({ kind: CentreVerb | "false" } | { kind: "unit"; unit: string });

/** What the question on the screen is about. */
const shownBy = (asking: Asking): Incident => asking.told ?? asking.incident;

export function useActions(onDone?: (incident: Incident, verb: Verb) => void) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { book } = useLive();
  const { classOf } = useCentre();
  const { message, notification } = App.useApp();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState<number | null>(null);
  const onScreen = useRef<Asking | null>(null);
  onScreen.current = asking;
  const ask = (asked: Asking | null) => {
    setRefusal(null);
    setAsking(asked);
  };

  const refresh = (id: number) => {
    void queries.invalidateQueries({ queryKey: ["incident", id] });
    void queries.invalidateQueries({ queryKey: ["incidents", "found"] });
  };

  /** Who was quicker, and with what: the history knows, wherever the owner alone does not say it. */
  const conflict = async (
    seen: Incident,
    current: Incident | undefined,
    other?: Problem,
  ): Promise<string> => {
    if (!current) return t.error.codes.conflict ?? t.error.other("conflict", "");
    book.apply(current);
    const state = t.state[current.state] ?? current.state;
    const holder = current.owner;
    if (holder && holder.id !== viewer.id && current.state === "claimed" && seen.state === "new") {
      return t.desk.who.claimed(holder.name);
    }
    const detail = await client.incident(current.id);
    const rows = detail.kind === "ok" ? detail.value.history : [];
    const byOther = rows.filter(
      (one) => one.actor && one.actor.id !== viewer.id && one.version > seen.version,
    );
    const row = byOther.at(-1);
    if (!row?.actor) return other ? problemText(t, other) : t.desk.who.changed(state);
    return t.desk.who.moved(row.actor.name, t.history[row.action] ?? row.action, state);
  };

  /** What the decision was made without knowing, in words. */
  const sinceThen = (upon: Incident, current: Incident): string[] => {
    const w = t.desk.refused.since;
    return changesOf(upon, current).map((change) => {
      const level = t.level[current.level] ?? String(current.level);
      if (change === "class") return w.class(classOf(current.class));
      return change === "area" ? w.area(current.area_name) : w[change](level);
    });
  };

  /** A question stays open with what was written in it; what was done without one is said in passing. */
  const refuse = async (
    { seen, upon }: { seen: Incident; upon: Incident },
    problem: Problem,
    last: Decision,
    asked: Asking | null,
  ) => {
    const current = problem.current ?? book.get(seen.id);
    // What was possible when it was asked and is not now has been done by somebody else.
    const isIllegal = problem.code === "illegal" && (current?.version ?? 0) > seen.version;
    const moved = problem.code === "conflict" || isIllegal;
    const why = moved
      ? await conflict(seen, current, isIllegal ? problem : undefined)
      : problemText(t, problem);
    const since = moved && current ? sinceThen(upon, current) : [];
    const text = since.length > 0 ? `${why} ${t.desk.refused.changed(since)}` : why;
    // Whoever has put the question away meanwhile is told all the same.
    if (!asked || onScreen.current !== asked)
      return void (moved ? message.warning(text, 6) : message.error(text, 6));
    const { note } = last;
    const keep = moved && note !== undefined && last.verb !== "note";
    // From here on the question is about what it has just been told, or what the steps before made of it.
    const again = { ...asked, told: (moved && current) || upon };
    setAsking(again);
    setRefusal({
      text,
      onKeepNote: keep
        ? () => void decide(book.get(seen.id) ?? seen, [{ verb: "note", note }], again)
        : undefined,
    });
  };

  // Who is overtaken learns it while still writing, not only by the refusal.
  const now = asking ? book.get(asking.incident.id) : undefined;
  const overtaken =
    asking !== null &&
    now !== undefined &&
    busy === null &&
    asking.kind !== "unit" &&
    isOvertaken(asking.kind === "false" ? "close" : asking.kind, asking.incident, now, viewer.id);
  const overtakenAt = overtaken ? now.version : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once for each version that overtakes
  useEffect(() => {
    if (overtakenAt === undefined || !asking || !now) return;
    void conflict(asking.incident, now).then((text) => {
      if (onScreen.current === asking) setRefusal((said) => said ?? { text });
    });
  }, [overtakenAt]);

  const told = (incident: Incident, decision: Decision) => {
    const reason = incident.close_reason;
    const more = decision.verb === "close" && reason ? ` · ${t.reason[reason] ?? reason}` : "";
    message.success(`#${incident.number} ${t.desk.done[decision.verb] ?? ""}${more}`, 2);
    onDone?.(incident, decision.verb);
  };

  const addFiles = async (id: number, files: readonly File[], unit?: string) => {
    let added = 0;
    for (const file of files) {
      if (file.size > MOST_FILE_BYTES) {
        message.error(t.desk.report.tooLarge(file.name), 6);
        continue;
      }
      const answer = await desk.attach(id, file, unit);
      if (answer.kind === "ok") {
        book.apply(answer.value);
        added += 1;
      } else if (answer.kind === "error") notAdded(id, file, unit, answer.problem);
    }
    if (added > 0) message.success(t.desk.files.added(added), 2);
    refresh(id);
  };

  /** A file that did not arrive stays in sight, and can be sent again without being looked for again. */
  const notAdded = (id: number, file: File, unit: string | undefined, problem: Problem) => {
    const key = `${id}-${file.name}`;
    const again = () => {
      notification.destroy(key);
      void addFiles(id, [file], unit);
    };
    notification.error({
      key,
      title: t.desk.refused.fileLost(file.name),
      description: problemText(t, problem),
      duration: 0,
      actions:
        problem.code === "bad_file" ? undefined : (
          <Button size="small" type="primary" data-act="upload-again" onClick={again}>
            {t.desk.refused.fileRetry}
          </Button>
        ),
    });
  };

  const decide = async (incident: Incident, decisions: readonly Decision[], asked: Asking | null = null) => {
    const last = decisions.at(-1);
    if (busy !== null || !last) return;
    setRefusal(null);
    setBusy(incident.id);
    // Whoever says that they are done shows it first: what is red is not done without.
    const isDone = last.verb === "finish" && isWork(last) && (last.files ?? []).length > 0;
    if (isDone) await addFiles(incident.id, last.files ?? [], last.unit);
    const upon = isDone ? uponWhich(incident, book.get(incident.id), decisions) : incident;
    const answer = await carryOutAll(upon, decisions);
    setBusy(null);
    if (answer.kind === "ok") {
      setAsking((now) => {
        if (now === asked) return null;
        // A question that came up while this was on its way: one's own doing is no news to it.
        if (now?.incident.id !== incident.id) return now;
        const shown = shownBy(now);
        const isOwn = answer.value.version > shown.version && changesOf(shown, answer.value).length === 0;
        return isOwn ? { ...now, told: answer.value } : now;
      });
      book.apply(answer.value);
      told(answer.value, last);
      const files = isWork(last) && !isDone ? (last.files ?? []) : [];
      if (isWork(last) && files.length > 0) await addFiles(incident.id, files, last.unit);
    } else if (answer.kind === "error")
      await refuse({ seen: asked?.incident ?? incident, upon: answer.upon }, answer.problem, last, asked);
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
    // What is red is verified by another person: then only the server's list of choices lacks it.
    else if (verb === "verify" && incident.state === "done") message.info(t.error.codes.same_person, 5);
    else {
      const state = t.state[incident.state] ?? incident.state;
      message.info(t.desk.notNow(t.desk.verb[verb] ?? verb, state));
    }
  };

  /** Begins a verb: does it, or asks first. */
  const run = (incident: Known, verb: CentreVerb) => {
    if (!can(incident, verb)) explain(incident, verb);
    else if (AT_ONCE.includes(verb)) void decide(incident, [{ verb }]);
    else ask({ kind: verb, incident });
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
    askFalse: (i: Known) => (can(i, "close") ? ask({ kind: "false", incident: i }) : explain(i, "close")),
    /** Acts for a unit that answers by telephone. */
    askUnit: (i: Known, unit: string) => {
      if (!mayAct(viewer.role)) message.info(t.act.readOnly);
      else ask({ kind: "unit", incident: i, unit });
    },
    addFiles,
  };

  // The version may have moved on while the dialog was open, by another alarm for instance. What the operator decides
  // about is what the question shows: a red one that was yellow then is another decision.
  const answer = (decisions: readonly Decision[]) =>
    asking &&
    void decide(uponWhich(shownBy(asking), book.get(asking.incident.id), decisions), decisions, asking);
  const dialogs = asking && (
    <AskedProvider value={{ refusal, busy: busy !== null }}>
      <VerbDialog asking={asking} incident={shownBy(asking)} onDecide={answer} onCancel={() => ask(null)} />
    </AskedProvider>
  );
  return { actions, dialogs, asking: asking !== null };
}

export type Actions = ReturnType<typeof useActions>["actions"];
