/** Under the thumb: the next step, what else can be done, and what was not delivered. */
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useState } from "react";
import { client } from "../../api/client";
import { phone, type WorkVerb } from "../../api/phone";
import { useViewer } from "../../api/session";
import type { Incident, IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { useLive } from "../../live/LiveProvider";
import { DeedForm } from "./DeedForm";
import { type Deed, deliver } from "./deed";
import { stepOf } from "./order";
import { useDeeds } from "./useDeeds";

interface Props {
  incident: IncidentDetail;
  unit: string;
  /** What of this incident is kept on the phone. */
  deeds: readonly Deed[];
}

/** One tap does these; the others ask for words first. */
const AT_ONCE: ReadonlySet<WorkVerb> = new Set(["sign_in", "arrive"]);

const isUnsent = (deed: Deed) => deed.sent !== undefined || deed.lost_ms !== undefined;

export function WorkBar({ incident, unit, deeds }: Props) {
  const { t, time } = useSpeech();
  const { message, modal } = App.useApp();
  const viewer = useViewer();
  const { book } = useLive();
  const queries = useQueryClient();
  const { keep, drop } = useDeeds();
  const [writing, setWriting] = useState<Deed | null>(null);
  const [busy, setBusy] = useState<string | null>(null);

  const step = stepOf(incident, unit);
  const may = (verb: WorkVerb) => step !== "over" && incident.choices.includes(verb);
  const unsent = deeds.filter(isUnsent);

  const keepSafely = async (deed: Deed) => {
    await keep(deed).catch(() => message.warning(t.phone.full, 6));
  };

  const took = (current: Incident) => {
    book.apply(current);
    void queries.invalidateQueries({ queryKey: ["incident", current.id] });
  };

  const send = async (deed: Deed) => {
    if (busy !== null) return;
    setBusy(t.phone.sending);
    const seen = book.get(incident.id) ?? incident;
    const outcome = await deliver(
      deed,
      seen,
      { unit, viewer: viewer.id },
      {
        work: phone.work,
        attach: phone.attach,
        detail: client.incident,
        keep: keepSafely,
        onPhoto: (n) => setBusy(t.phone.sendingPhoto(n, deed.photos.length)),
      },
    );
    setBusy(null);
    switch (outcome.kind) {
      case "done":
        setWriting(null);
        await drop(deed);
        message.success(t.phone.done[deed.action] ?? "", 3);
        took(outcome.incident);
        break;
      case "gone":
        setWriting(null);
        await drop(deed);
        void queries.invalidateQueries({ queryKey: ["incident", incident.id] });
        break;
      case "lost":
        setWriting(null);
        break;
      case "signed_out":
        message.error(t.phone.signedOut, 8);
        break;
      case "changed":
        message.warning(t.phone.changed, 6);
        if (AT_ONCE.has(deed.action)) await drop(deed);
        took(outcome.current);
        break;
      case "refused":
        message.error(
          `${t.phone.refused(t.phone.act[deed.action] ?? "")}：${problemText(t, outcome.problem)}`,
          8,
        );
        if (AT_ONCE.has(deed.action)) await drop(deed);
        void queries.invalidateQueries({ queryKey: ["incident", incident.id] });
        break;
    }
  };

  const begin = (action: WorkVerb) => {
    const kept = deeds.find((deed) => deed.action === action);
    const deed = kept ?? { incident: incident.id, action, note: "", photos: [] };
    if (AT_ONCE.has(action)) void send(deed);
    else setWriting(deed);
  };
  const close = () => {
    if (!writing) return;
    setWriting(null);
    const isEmpty = writing.note.trim() === "" && writing.photos.length === 0;
    void (isEmpty ? drop(writing) : keepSafely(writing));
  };
  const askDrop = (deed: Deed) =>
    modal.confirm({
      title: t.phone.dropAsk,
      okText: t.phone.drop,
      okButtonProps: { danger: true },
      onOk: () => drop(deed),
    });

  if (writing) {
    return (
      <DeedForm
        deed={writing}
        incident={incident}
        busy={busy}
        onKeep={keepSafely}
        onSend={send}
        onClose={close}
      />
    );
  }
  const main: WorkVerb[] =
    step === "work" ? ["feedback", "finish"] : step === "sign_in" ? ["sign_in"] : ["arrive"];
  // While one thing is not confirmed the same is not begun anew.
  const isFree = (verb: WorkVerb) => may(verb) && !unsent.some((deed) => deed.action === verb);
  const shown = main.filter(isFree);
  const more = (["feedback", "ask_extension", "ask_hold", "return"] as const).filter(
    (verb) => isFree(verb) && !shown.includes(verb),
  );
  return (
    <div className="work-bar">
      {unsent.map((deed) => (
        <div key={deed.action} className="unsent" role="alert">
          <b>
            {t.phone.lost(t.phone.act[deed.action] ?? deed.action, time.minute(deed.lost_ms ?? Date.now()))}
          </b>
          {deed.photos.some((photo) => !photo.sent) && (
            <span>{t.phone.photosLeft(deed.photos.filter((photo) => !photo.sent).length)}</span>
          )}
          <span>{t.phone.lostHint}</span>
          <span className="unsent-do">
            <Button size="large" disabled={busy !== null} onClick={() => askDrop(deed)}>
              {t.phone.drop}
            </Button>
            <Button size="large" type="primary" loading={busy !== null} onClick={() => void send(deed)}>
              {busy ?? t.phone.resend}
            </Button>
          </span>
        </div>
      ))}
      {(shown.length > 0 || more.length > 0) && (
        <div className="work-do">
          {more.length > 0 && (
            <Dropdown
              trigger={["click"]}
              menu={{
                items: more.map((verb) => ({
                  key: verb,
                  label: t.phone.act[verb],
                  onClick: () => begin(verb),
                })),
              }}
            >
              <Button className="work-more" disabled={busy !== null}>
                {t.phone.more}
              </Button>
            </Dropdown>
          )}
          {shown.map((verb, i) => (
            <Button
              key={verb}
              className="work-main"
              type={i === shown.length - 1 ? "primary" : "default"}
              loading={busy !== null && AT_ONCE.has(verb)}
              disabled={busy !== null && !AT_ONCE.has(verb)}
              onClick={() => begin(verb)}
            >
              {t.phone.act[verb]}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}
