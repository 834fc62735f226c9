/** The operator's verbs for a screen: carries them out, says what happened, and owns the dialogs that ask first. */
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { mayAct, useViewer } from "../api/session";
import type { CloseReason, Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { problemText } from "../i18n/format";
import { useLive } from "../live/LiveProvider";
import { CloseDialog } from "./CloseDialog";
import { carryOut, type Decision, possible } from "./command";
import { FalseAlarmDialog } from "./FalseAlarmDialog";

type Asking = { kind: "close" | "false"; incident: Incident } | null;

export function useActions(onDone?: (incident: Incident, verb: Decision["verb"]) => void) {
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
      message.success(`${answer.value.number} ${t.act.done[decision.verb] ?? ""}${more}`, 2);
      onDone?.(answer.value, decision.verb);
    } else if (answer.kind === "error") {
      if (answer.problem.code === "conflict") conflict(answer.problem.current);
      else message.error(problemText(t, answer.problem), 6);
    }
    refresh(incident.id);
  };

  const can = (incident: Incident, verb: Decision["verb"]) =>
    mayAct(viewer.role) && possible(incident, viewer.id).has(verb);

  /** Why a key did nothing: silence would look like a broken keyboard. */
  const explain = (incident: Incident) => {
    if (!mayAct(viewer.role)) message.info(t.act.readOnly);
    else if (incident.owner && incident.owner.id !== viewer.id && incident.state === "claimed") {
      message.info(t.act.conflictHeld(incident.owner.name));
    } else message.info(t.error.codes.illegal);
  };

  const attempt = (incident: Incident, verb: Decision["verb"], run: () => void) =>
    can(incident, verb) ? run() : explain(incident);

  const actions = {
    busy,
    can,
    claim: (i: Incident) => attempt(i, "claim", () => void decide(i, { verb: "claim" })),
    release: (i: Incident) => attempt(i, "release", () => void decide(i, { verb: "release" })),
    reopen: (i: Incident) => attempt(i, "reopen", () => void decide(i, { verb: "reopen" })),
    askClose: (i: Incident) => attempt(i, "close", () => setAsking({ kind: "close", incident: i })),
    askFalse: (i: Incident) => attempt(i, "close", () => setAsking({ kind: "false", incident: i })),
  };

  const close = (reason: CloseReason, note?: string) => {
    if (!asking) return;
    // The version may have moved on while the dialog was open, by another alarm for instance: what the operator
    // decides about is the incident, and who holds it is checked by the server.
    const now = book.get(asking.incident.id) ?? asking.incident;
    void decide(now, { verb: "close", reason, note });
  };
  const cancel = () => setAsking(null);
  const dialogs = (
    <>
      {asking?.kind === "close" && (
        <CloseDialog incident={asking.incident} onClose={close} onCancel={cancel} />
      )}
      {asking?.kind === "false" && (
        <FalseAlarmDialog
          incident={asking.incident}
          onConfirm={() => close("false_alarm")}
          onCancel={cancel}
        />
      )}
    </>
  );
  return { actions, dialogs, asking: asking !== null };
}

export type Actions = ReturnType<typeof useActions>["actions"];
