import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useKeys } from "../components/keys";
import { useSpeech } from "../i18n/context";

interface Props<Reason extends string> {
  title: string;
  hint: string;
  reasons: readonly Reason[];
  words: Record<string, string>;
  onChoose: (reason: Reason, note?: string) => void;
  onCancel: () => void;
}

/** One digit decides; a note may be written before. */
export function ReasonDialog<Reason extends string>(props: Props<Reason>) {
  const { t } = useSpeech();
  const [note, setNote] = useState("");
  const choose = (reason: Reason) => props.onChoose(reason, note.trim() || undefined);
  useKeys(Object.fromEntries(props.reasons.map((reason, i) => [String(i + 1), () => choose(reason)])));

  return (
    <Modal
      open
      centered
      width={440}
      title={props.title}
      footer={null}
      onCancel={props.onCancel}
      transitionName=""
      maskTransitionName=""
    >
      <p className="muted">{props.hint}</p>
      <div className="reasons">
        {props.reasons.map((reason, i) => (
          <Button key={reason} block size="large" onClick={() => choose(reason)}>
            <kbd>{i + 1}</kbd> {props.words[reason] ?? reason}
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
