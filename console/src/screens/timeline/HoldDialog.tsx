/** Keeps the marked stretch from being overwritten. */
import { App, Button, Checkbox, Input, Modal } from "antd";
import { type FormEvent, useState } from "react";
import { recordings, type Stretch } from "../../api/recordings";
import { focusSoon } from "../../components/focusSoon";
import { useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { localInput, readLocalInput } from "../../timeline/localTime";
import { DAY } from "../../timeline/scale";
import type { OffsetAt } from "../../timeline/ticks";
import { lengthWords } from "../../timeline/words";

interface Props {
  stretch: Stretch;
  cameras: readonly { id: string; name: string }[];
  /** Ticked at first: the pane that was worked with. */
  focused: string | null;
  caseNumber: string;
  now_ms: number;
  offsetAt: OffsetAt;
  onDone: () => void;
  onCancel: () => void;
}

const REVIEW_DAYS = 30;

export function HoldDialog(props: Props) {
  const { t, time } = useSpeech();
  const { message } = App.useApp();
  const [cameras, setCameras] = useState<string[]>(() =>
    props.focused ? [props.focused] : props.cameras.slice(0, 1).map((c) => c.id),
  );
  const [caseNumber, setCase] = useState(props.caseNumber);
  const [note, setNote] = useState("");
  const [review, setReview] = useState(() =>
    localInput(props.now_ms + REVIEW_DAYS * DAY, props.offsetAt).slice(0, 10),
  );
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  useKeys({ escape: props.onCancel });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const review_ms = readLocalInput(review, props.offsetAt);
    if (cameras.length === 0) return setWrong(t.hold.needCamera);
    if (caseNumber.trim() === "" || review_ms === null) return setWrong(t.hold.needCase);
    setBusy(true);
    const failed: string[] = [];
    for (const camera of cameras) {
      const answer = await recordings.hold({
        camera,
        from_ms: Math.floor(props.stretch.from_ms),
        to_ms: Math.ceil(props.stretch.to_ms),
        case_number: caseNumber.trim(),
        note: note.trim() || undefined,
        review_ms,
      });
      if (answer.kind === "error") {
        setWrong(problemText(t, answer.problem));
        failed.push(camera);
      }
    }
    setBusy(false);
    // What was held stays held; only the others are asked for again.
    if (failed.length > 0) return setCameras(failed);
    message.success(t.hold.done(cameras.length));
    props.onDone();
  };

  const { from_ms, to_ms } = props.stretch;
  return (
    <Modal
      open
      centered
      width={460}
      footer={null}
      title={t.hold.title}
      onCancel={props.onCancel}
      transitionName=""
      maskTransitionName=""
    >
      <form className="ask" onSubmit={(event) => void submit(event)}>
        <p className="muted">{t.hold.hint}</p>
        <p>
          {time.stamp(from_ms)} – {time.stamp(to_ms)} <b>{lengthWords(t, to_ms - from_ms)}</b>
        </p>
        <span>{t.hold.cameras}</span>
        <Checkbox.Group
          className="ask-cameras"
          value={cameras}
          onChange={(chosen) => setCameras(chosen)}
          options={props.cameras.map((c) => ({ value: c.id, label: c.name }))}
        />
        <label htmlFor="hold-case">{t.hold.case}</label>
        <Input
          id="hold-case"
          ref={focusSoon}
          value={caseNumber}
          maxLength={64}
          onChange={(event) => setCase(event.target.value)}
        />
        <label htmlFor="hold-note">{t.hold.note}</label>
        <Input
          id="hold-note"
          value={note}
          maxLength={500}
          onChange={(event) => setNote(event.target.value)}
        />
        <label htmlFor="hold-review">{t.hold.review}</label>
        <input
          id="hold-review"
          className="ask-time"
          type="date"
          value={review}
          onChange={(event) => setReview(event.target.value)}
        />
        {wrong !== "" && <p className="ask-wrong">{wrong}</p>}
        <Button type="primary" htmlType="submit" loading={busy} block>
          {t.hold.make} <kbd>Enter</kbd>
        </Button>
      </form>
    </Modal>
  );
}
