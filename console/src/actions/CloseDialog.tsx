import { Button, Input, Modal } from "antd";
import { useState } from "react";
import type { CloseReason, Incident } from "../api/types";
import { useKeys } from "../components/keys";
import { useSpeech } from "../i18n/context";
import { CLOSE_REASONS } from "./command";

interface Props {
  incident: Incident;
  onClose: (reason: CloseReason, note?: string) => void;
  onCancel: () => void;
}

/** One digit closes; a note may be written before. */
export function CloseDialog({ incident, onClose, onCancel }: Props) {
  const { t } = useSpeech();
  const [note, setNote] = useState("");
  const choose = (reason: CloseReason) => onClose(reason, note.trim() || undefined);
  useKeys(Object.fromEntries(CLOSE_REASONS.map((reason, i) => [String(i + 1), () => choose(reason)])));

  return (
    <Modal
      open
      centered
      width={440}
      title={t.act.closeTitle(incident.number)}
      footer={null}
      onCancel={onCancel}
      transitionName=""
      maskTransitionName=""
    >
      <p className="muted">{t.act.closeHint}</p>
      <div className="reasons">
        {CLOSE_REASONS.map((reason, i) => (
          <Button key={reason} block size="large" onClick={() => choose(reason)}>
            <kbd>{i + 1}</kbd> {t.reason[reason]}
          </Button>
        ))}
      </div>
      <Input.TextArea
        value={note}
        onChange={(event) => setNote(event.target.value)}
        placeholder={t.act.note}
        aria-label={t.act.note}
        maxLength={500}
        autoSize={{ minRows: 2, maxRows: 5 }}
      />
    </Modal>
  );
}
