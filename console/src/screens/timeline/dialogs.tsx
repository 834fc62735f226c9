/** The small questions of the timeline: where to, and why. */
import { Button, Input, Modal } from "antd";
import { type FormEvent, useState } from "react";
import type { Purpose, Reason } from "../../api/recordings";
import { focusSoon } from "../../components/focusSoon";
import { useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { localInput, readLocalInput } from "../../timeline/localTime";
import type { OffsetAt } from "../../timeline/ticks";

const still = { transitionName: "", maskTransitionName: "" };

interface GoToProps {
  at_ms: number;
  now_ms: number;
  offsetAt: OffsetAt;
  onGo: (at_ms: number) => void;
  onCancel: () => void;
}

export function GoToDialog({ at_ms, now_ms, offsetAt, onGo, onCancel }: GoToProps) {
  const { t } = useSpeech();
  const [text, setText] = useState(() => localInput(at_ms, offsetAt));
  const [wrong, setWrong] = useState("");
  useKeys({ escape: onCancel });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = readLocalInput(text, offsetAt);
    if (wanted === null) setWrong(t.timeline.goToBad);
    else if (wanted > now_ms) setWrong(t.timeline.goToFuture);
    else onGo(wanted);
  };
  return (
    <Modal
      open
      centered
      width={380}
      footer={null}
      title={t.timeline.goToTitle}
      onCancel={onCancel}
      {...still}
    >
      <form className="ask" onSubmit={submit}>
        <p className="muted">{t.timeline.goToHint}</p>
        <input
          ref={focusSoon}
          className="ask-time"
          type="datetime-local"
          step={1}
          value={text}
          aria-label={t.timeline.goToTitle}
          onChange={(event) => setText(event.target.value)}
        />
        {wrong !== "" && <p className="ask-wrong">{wrong}</p>}
        <Button type="primary" htmlType="submit" block>
          {t.timeline.go} <kbd>Enter</kbd>
        </Button>
      </form>
    </Modal>
  );
}

const PURPOSES: readonly Purpose[] = ["incident", "inspection", "fault", "retrieval"];
/** What the gateway accepts. */
const CASE_LIMIT = 64;

interface PurposeProps {
  reason: Reason | null;
  onDone: (reason: Reason) => void;
  onCancel: () => void;
}

export function PurposeDialog({ reason, onDone, onCancel }: PurposeProps) {
  const { t } = useSpeech();
  const [purpose, setPurpose] = useState<Purpose>(reason?.purpose ?? "incident");
  const [caseNumber, setCase] = useState(reason?.case ?? "");
  const [wrong, setWrong] = useState(false);
  useKeys({ escape: onCancel });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const trimmed = caseNumber.trim();
    if (trimmed === "" || trimmed.length > CASE_LIMIT) setWrong(true);
    else onDone({ purpose, case: trimmed });
  };
  return (
    <Modal open centered width={440} footer={null} title={t.purpose.title} onCancel={onCancel} {...still}>
      <form className="ask" onSubmit={submit}>
        <p className="muted">{t.purpose.hint}</p>
        <fieldset className="ask-choices">
          {PURPOSES.map((choice) => (
            <label key={choice} className={choice === purpose ? "chosen" : undefined}>
              <input
                type="radio"
                name="purpose"
                value={choice}
                checked={choice === purpose}
                onChange={() => setPurpose(choice)}
              />
              {t.purpose.words[choice]}
            </label>
          ))}
        </fieldset>
        <label htmlFor="case">{t.purpose.case}</label>
        <Input
          id="case"
          ref={focusSoon}
          value={caseNumber}
          maxLength={CASE_LIMIT}
          placeholder={t.purpose.caseHint}
          status={wrong ? "error" : undefined}
          onChange={(event) => setCase(event.target.value)}
        />
        {wrong && <p className="ask-wrong">{t.purpose.caseBad}</p>}
        <Button type="primary" htmlType="submit" block>
          {t.purpose.submit} <kbd>Enter</kbd>
        </Button>
      </form>
    </Modal>
  );
}
