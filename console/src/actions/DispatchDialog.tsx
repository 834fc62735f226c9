/** 分流转办: one action tells one or more units; later further ones. */
import { Button } from "antd";
import { useState } from "react";
import type { Incident } from "../api/types";
import { focusOnce } from "../components/focusSoon";
import { Loading } from "../components/Trouble";
import { useSpeech } from "../i18n/context";
import { AskModal } from "./AskModal";
import type { CentreDecision } from "./command";
import { DueAndNote, Field, isSubmit, useProposal } from "./form";
import { active } from "./lifecycle";
import { inOrder, type Picked } from "./picked";
import { UnitPicker } from "./UnitPicker";
import { useCentre } from "./useCentre";

interface Props {
  incident: Incident;
  onDone: (decisions: CentreDecision[]) => void;
  onCancel: () => void;
}

export function DispatchDialog(props: Props) {
  const { t } = useSpeech();
  const { known } = useCentre();
  const proposal = useProposal(props.incident.id);
  const more = active(props.incident.units).length > 0;
  const title = more ? t.desk.dispatchMore : t.desk.verb.dispatch;
  return (
    <AskModal
      width={600}
      title={`${title} #${props.incident.number}`}
      footer={null}
      onCancel={props.onCancel}
    >
      {known && proposal ? <DispatchForm {...props} proposal={proposal} /> : <Loading />}
    </AskModal>
  );
}

function DispatchForm({ incident, proposal, onDone }: Props & { proposal: Picked }) {
  const { t } = useSpeech();
  const { centre, areas } = useCentre();
  const counted = active(incident.units);
  const told = { units: counted.map((one) => one.unit), isLed: counted.some((one) => one.lead) };
  const first = counted.length === 0;
  const [touched, setTouched] = useState<Picked | null>(null);
  const picked = touched ?? (first ? proposal : { lead: undefined, assist: [] });
  const [due, setDue] = useState<number | undefined>(undefined);
  const [note, setNote] = useState("");
  const ready = picked.lead !== undefined || (told.isLed && picked.assist.length > 0);
  const submit = () => {
    if (!ready) return;
    onDone([
      {
        verb: "dispatch",
        lead: picked.lead,
        assist: [...picked.assist],
        due_ms: due,
        note: note.trim() || undefined,
      },
    ]);
  };
  if (centre.units.length === 0) return <p className="muted">{t.desk.form.noUnits}</p>;
  return (
    <form
      className="verb-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      ref={ready ? undefined : focusOnce}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (isSubmit(event)) submit();
      }}
    >
      <Field label={t.desk.form.units} hint={t.desk.form.unitsHint}>
        <UnitPicker
          units={inOrder(centre.units, proposal, incident.area, areas)}
          duty={centre.duty}
          picked={picked}
          told={told}
          onPick={setTouched}
        />
        {!told.isLed && picked.lead === undefined && <p className="muted form-said">{t.desk.form.noLead}</p>}
      </Field>
      <DueAndNote due={due} onDue={setDue} note={note} onNote={setNote} />
      <div className="form-foot">
        <Button
          // It comes anew when it can be pressed: then it has the focus.
          key={String(ready)}
          ref={ready ? focusOnce : undefined}
          type="primary"
          htmlType="submit"
          disabled={!ready}
          data-act="dispatch"
        >
          {t.desk.form.dispatch} <kbd>Enter</kbd>
        </Button>
      </div>
    </form>
  );
}
