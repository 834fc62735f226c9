/** What the dialogs of the dispatch centre's forms have in common. */
import { useQuery } from "@tanstack/react-query";
import { Input } from "antd";
import type { KeyboardEvent } from "react";
import { client, need } from "../api/client";
import { useSpeech } from "../i18n/context";
import type { Picked } from "./picked";
import { TimeField } from "./TimeField";

/** Who should deal with it, as assessed or as routed. */
export function useProposal(id: number): Picked | undefined {
  const detail = useQuery({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => need(client.incident(id, signal)),
  });
  if (detail.isError) return { lead: undefined, assist: [] };
  const { proposal } = detail.data ?? {};
  return proposal && { lead: proposal.lead, assist: proposal.assist };
}

/** Enter where nothing else wants it, and with Ctrl everywhere. */
export function isSubmit(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || event.nativeEvent.isComposing) return false;
  return event.ctrlKey || event.metaKey || event.target === event.currentTarget;
}

interface FieldProps {
  label: string;
  hint?: string;
  needed?: boolean;
  children: React.ReactNode;
}

export function Field({ label, hint, needed = false, children }: FieldProps) {
  return (
    <div className="field">
      <span className="field-label">
        {label}
        {needed && <b aria-hidden="true"> *</b>}
        {hint && <span className="muted"> {hint}</span>}
      </span>
      {children}
    </div>
  );
}

interface DueAndNoteProps {
  due: number | undefined;
  onDue: (due: number | undefined) => void;
  note: string;
  onNote: (note: string) => void;
}

/** Until when, if not as usual, and what else there is to say. */
export function DueAndNote({ due, onDue, note, onNote }: DueAndNoteProps) {
  const { t } = useSpeech();
  return (
    <div className="form-row">
      <Field label={t.desk.form.due} hint={due === undefined ? t.desk.form.dueUsual : undefined}>
        <TimeField value={due} label={t.desk.form.due} onChange={onDue} />
      </Field>
      <Field label={t.desk.form.note}>
        <Input
          value={note}
          maxLength={1000}
          aria-label={t.desk.form.note}
          onChange={(event) => onNote(event.target.value)}
        />
      </Field>
    </div>
  );
}
