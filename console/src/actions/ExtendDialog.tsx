import { Button } from "antd";
import { useState } from "react";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { spanWords } from "../timeline/words";
import { ChoiceDialog } from "./ChoiceDialog";
import type { CentreDecision } from "./command";
import { TimeField } from "./TimeField";

interface Props {
  incident: Incident;
  onDone: (decision: CentreDecision) => void;
  onCancel: () => void;
}

const HOUR_MS = 3_600_000;
const SPANS_MS = [2 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS];

/** As the unit asks, or by a usual span, or until another moment: later than now and than it was due. */
export function ExtendDialog({ incident, onDone, onCancel }: Props) {
  const { t, time } = useSpeech();
  const from = Math.max(incident.due_ms ?? 0, Date.now());
  const [other, setOther] = useState<number | undefined>(from + 24 * HOUR_MS);
  const at = (ms: number) => time.stamp(ms).slice(0, -3);
  const asked = incident.asked_due_ms;
  const spans = SPANS_MS.map((span) => ({
    value: from + span,
    label: t.desk.plus(spanWords(t, span)),
    hint: at(from + span),
  }));
  return (
    <ChoiceDialog
      title={`${t.desk.verb.extend} #${incident.number}`}
      hint={asked === undefined ? (t.desk.hint.extend ?? "") : t.desk.extendAsked(at(asked))}
      choices={asked === undefined ? spans : [{ value: asked, label: t.desk.asAsked(at(asked)) }, ...spans]}
      onChoose={(due_ms, note) => onDone({ verb: "extend", due_ms, note })}
      onCancel={onCancel}
    >
      {(note) => (
        <div className="unit-extra">
          <label>
            <span className="muted">{t.desk.otherTime}</span>{" "}
            <TimeField value={other} label={t.desk.otherTime} onChange={setOther} />
          </label>
          <Button
            size="small"
            disabled={other === undefined || other <= from}
            onClick={() => onDone({ verb: "extend", due_ms: other, note })}
          >
            {t.desk.confirm}
          </Button>
        </div>
      )}
    </ChoiceDialog>
  );
}
