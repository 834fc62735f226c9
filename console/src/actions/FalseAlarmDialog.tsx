import type { Incident } from "../api/types";
import { useKeys } from "../components/keys";
import { useSpeech } from "../i18n/context";
import { whyOf } from "../i18n/format";
import { AskModal } from "./AskModal";

interface Props {
  incident: Incident;
  onConfirm: () => void;
  onCancel: () => void;
}

/** F asks, F again confirms: two keys, and no incident lost to one slip of a finger. */
export function FalseAlarmDialog({ incident, onConfirm, onCancel }: Props) {
  const { t } = useSpeech();
  // Enter belongs to the focused button, which confirms.
  useKeys({ f: onConfirm, enter: onConfirm });
  return (
    <AskModal
      width={400}
      title={t.act.falseTitle(incident.number)}
      okText={t.act.falseAlarm}
      okButtonProps={{ danger: true, autoFocus: true }}
      closable={false}
      onOk={onConfirm}
      onCancel={onCancel}
    >
      <p>{whyOf(t, incident)}</p>
      <p className="muted">{t.act.falseHint}</p>
    </AskModal>
  );
}
