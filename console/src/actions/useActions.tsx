/** The operator's verbs for a screen: carries them out, says what happened, and owns the dialogs that ask first. */
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { mayAct, useViewer } from "../api/session";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { problemText } from "../i18n/format";
import { useLive } from "../live/LiveProvider";
import { CLOSE_REASONS, carryOut, type Decision, possible, REOPEN_REASONS, type Verb } from "./command";
import { FalseAlarmDialog } from "./FalseAlarmDialog";
import { ReasonDialog } from "./ReasonDialog";

type Asking = { kind: "close" | "false" | "reopen"; incident: Incident } | null;

export function useActions(onDone?: (incident: Incident, verb: Verb) => void) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { book } = useLive();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Asking>(null);
  const [busy, setBusy] = useState<number | null>(null);

  const refresh = (id: number) => {
    void queries.invalidateQueries({ queryKey: ["incident", id] });
    void queries.invalidateQueries({ queryKey: ["incidents", "closed"] });
  };

  const conflict = (current: Incident | undefined) => {
    if (current) book.apply(current);
    const holder = current?.owner;
    if (current && holder && holder.id !== viewer.id && current.state === "claimed") {
      message.warning(t.act.conflictHeld(holder.name), 5);
    } else message.warning(t.act.conflict(current ? (t.state[current.state] ?? current.state) : "?"), 5);
  };

  const decide = async (incident: Incident, decision: Decision) => {
    if (busy !== null) return;
    setAsking(null);
    setBusy(incident.id);
    const answer = await carryOut(incident, decision);
    setBusy(null);
    if (answer.kind === "ok") {
      book.apply(answer.value);
      const reason = answer.value.close_reason;
      const more = decision.verb === "close" && reason ? ` · ${t.reason[reason] ?? reason}` : "";
      message.success(`#${answer.value.number} ${t.act.done[decision.verb] ?? ""}${more}`, 2);
      onDone?.(answer.value, decision.verb);
    } else if (answer.kind === "error") {
      if (answer.problem.code === "conflict") conflict(answer.problem.current);
      else message.error(problemText(t, answer.problem), 6);
    }
    refresh(incident.id);
  };

  const can = (incident: Incident, verb: Verb) =>
    mayAct(viewer.role) && possible(incident, viewer.id).has(verb);

  /** Why a key did nothing: silence would look like a broken keyboard. */
  const explain = (incident: Incident) => {
    if (!mayAct(viewer.role)) message.info(t.act.readOnly);
    else if (incident.owner && incident.owner.id !== viewer.id && incident.state === "claimed") {
      message.info(t.act.conflictHeld(incident.owner.name));
    } else message.info(t.error.codes.illegal);
  };

  const attempt = (incident: Incident, verb: Verb, run: () => void) =>
    can(incident, verb) ? run() : explain(incident);

  const actions = {
    busy,
    can,
    claim: (i: Incident) => attempt(i, "claim", () => void decide(i, { verb: "claim" })),
    release: (i: Incident) => attempt(i, "release", () => void decide(i, { verb: "release" })),
    askReopen: (i: Incident) => attempt(i, "reopen", () => setAsking({ kind: "reopen", incident: i })),
    askClose: (i: Incident) => attempt(i, "close", () => setAsking({ kind: "close", incident: i })),
    askFalse: (i: Incident) => attempt(i, "close", () => setAsking({ kind: "false", incident: i })),
  };

  const answer = (decision: Decision) => {
    if (!asking) return;
    // The version may have moved on while the dialog was open, by another alarm for instance: what the operator
    // decides about is the incident, and who holds it is checked by the server.
    void decide(book.get(asking.incident.id) ?? asking.incident, decision);
  };
  const cancel = () => setAsking(null);
  const dialogs = (
    <>
      {asking?.kind === "close" && (
        <ReasonDialog
          title={t.act.closeTitle(asking.incident.number)}
          hint={t.act.closeHint}
          reasons={CLOSE_REASONS}
          words={t.reason}
          onChoose={(reason, note) =>
            // What is settled on the spot is nothing without a word of how: the least is what the button says.
            answer({
              verb: "close",
              reason,
              note: note ?? (reason === "handled" ? t.reason.handled : undefined),
            })
          }
          onCancel={cancel}
        />
      )}
      {asking?.kind === "reopen" && (
        <ReasonDialog
          title={t.act.reopenTitle(asking.incident.number)}
          hint={t.act.reopenHint}
          reasons={REOPEN_REASONS}
          words={t.reopenReason}
          onChoose={(reason, note) => answer({ verb: "reopen", reason, note })}
          onCancel={cancel}
        />
      )}
      {asking?.kind === "false" && (
        <FalseAlarmDialog
          incident={asking.incident}
          onConfirm={() => answer({ verb: "close", reason: "false_alarm" })}
          onCancel={cancel}
        />
      )}
    </>
  );
  return { actions, dialogs, asking: asking !== null };
}

export type Actions = ReturnType<typeof useActions>["actions"];
