import { Button, Input } from "antd";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { focusOnce, useFirstFocus } from "../components/focusSoon";
import { useKeys } from "../components/keys";
import { useSpeech } from "../i18n/context";
import { AskModal } from "./AskModal";

export interface Choice<Value> {
  value: Value;
  label: string;
  /** Said beside it. */
  hint?: string;
  /** Why it cannot be chosen. */
  refused?: string;
  /** Nothing without a word of why. */
  needsNote?: boolean;
}

interface Props<Value> {
  title: string;
  hint: string;
  /** Wider where choices have more to say. */
  width?: number;
  choices: readonly Choice<Value>[];
  /** What the note is for. */
  noteLabel?: string;
  /** Beside the choices; may take what was written as its note. */
  children?: ReactNode | ((note: string | undefined) => ReactNode);
  onChoose: (value: Value, note?: string) => void;
  onCancel: () => void;
}

const MOST_NOTE = 1_000;

/** Enter in a note confirms, unless an input method is still composing a word or a new line is asked for. */
export function isConfirm(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing;
}

/** One digit decides. What needs a note asks for it first, and Enter then confirms. */
export function ChoiceDialog<Value>(props: Props<Value>) {
  const { t } = useSpeech();
  const [note, setNote] = useState("");
  // By its name: what is offered may change while the question is open.
  const [chosenLabel, setChosenLabel] = useState<string | null>(null);
  const [missing, setMissing] = useState("");
  const box = useRef<HTMLTextAreaElement | null>(null);

  const chosen =
    chosenLabel === null ? -1 : props.choices.findIndex((choice) => choice.label === chosenLabel);

  const choose = (at: number) => {
    const choice = props.choices[at];
    if (!choice || choice.refused !== undefined) return;
    const written = note.trim();
    if (choice.needsNote && written === "") {
      setChosenLabel(choice.label);
      setMissing(chosen === at ? t.desk.noteNeeded : "");
      box.current?.focus();
      return;
    }
    props.onChoose(choice.value, written || undefined);
  };
  useKeys(Object.fromEntries(props.choices.slice(0, 9).map((_, at) => [String(at + 1), () => choose(at)])));
  const onEnter = (event: KeyboardEvent) => {
    if (!isConfirm(event)) return;
    event.preventDefault();
    // What was chosen and is not offered any more is not replaced by what happens to be left.
    const only = chosenLabel === null && props.choices.length === 1 ? 0 : -1;
    const at = chosen >= 0 ? chosen : only;
    if (at < 0) setMissing(t.desk.chooseFirst);
    else if (note.trim() === "" && props.choices[at]?.needsNote) setMissing(t.desk.noteNeeded);
    else choose(at);
  };
  const needed = chosen >= 0 && props.choices[chosen]?.needsNote === true;
  const label = props.noteLabel ?? (needed ? t.desk.noteNeeded : t.desk.noteOptional);

  return (
    <AskModal width={props.width ?? 480} title={props.title} footer={null} onCancel={props.onCancel}>
      <p className="muted">{props.hint}</p>
      <div className="reasons" tabIndex={-1} ref={focusOnce}>
        {props.choices.map((choice, at) => (
          <Button
            key={choice.label}
            block
            size="large"
            type={chosen === at ? "primary" : "default"}
            disabled={choice.refused !== undefined}
            onClick={() => choose(at)}
          >
            {at < 9 && <kbd>{at + 1}</kbd>} <span>{choice.label}</span>
            {(choice.refused ?? choice.hint) && (
              <span className="reason-hint">{choice.refused ?? choice.hint}</span>
            )}
          </Button>
        ))}
      </div>
      {typeof props.children === "function" ? props.children(note.trim() || undefined) : props.children}
      <Input.TextArea
        ref={(field) => {
          box.current = field?.resizableTextArea?.textArea ?? null;
        }}
        value={note}
        status={missing === "" ? "" : "error"}
        onChange={(event) => setNote(event.target.value)}
        onKeyDown={onEnter}
        placeholder={label}
        aria-label={label}
        maxLength={MOST_NOTE}
        autoSize={{ minRows: 2, maxRows: 5 }}
      />
      <p className={missing === "" ? "dialog-foot muted" : "dialog-foot ask-wrong"}>
        {missing || t.desk.digitHint}
      </p>
    </AskModal>
  );
}

interface NoteProps {
  title: string;
  hint: string;
  okText: string;
  /** Nothing without it. */
  required: boolean;
  danger?: boolean;
  onDone: (note?: string) => void;
  onCancel: () => void;
}

/** A yes, with a word of why. */
export function NoteDialog({ title, hint, okText, required, danger = false, onDone, onCancel }: NoteProps) {
  const { t } = useSpeech();
  const [note, setNote] = useState("");
  const first = useFirstFocus();
  const [missing, setMissing] = useState(false);
  const confirm = () => {
    const written = note.trim();
    if (required && written === "") setMissing(true);
    else onDone(written || undefined);
  };
  return (
    <AskModal
      width={480}
      title={title}
      okText={
        <>
          {okText} <kbd>Enter</kbd>
        </>
      }
      okButtonProps={{ danger }}
      onOk={confirm}
      onCancel={onCancel}
    >
      <p className="muted">{hint}</p>
      <Input.TextArea
        ref={first}
        value={note}
        status={missing ? "error" : ""}
        onChange={(event) => setNote(event.target.value)}
        onKeyDown={(event) => {
          if (!isConfirm(event)) return;
          event.preventDefault();
          confirm();
        }}
        placeholder={t.desk.notePlaceholder}
        aria-label={required ? t.desk.noteNeeded : t.desk.noteOptional}
        maxLength={MOST_NOTE}
        autoSize={{ minRows: 2, maxRows: 6 }}
      />
      <p className={missing ? "dialog-foot ask-wrong" : "dialog-foot muted"}>
        {missing || required ? t.desk.noteNeeded : t.desk.noteOptional}
      </p>
    </AskModal>
  );
}
