/** 分析研判, and on with it: class, level, area, who should lead and help, until when. */
import { Button, Radio, Select } from "antd";
import { useState } from "react";
import type { Incident } from "../api/types";
import { focusOnce } from "../components/focusSoon";
import { LevelBadge } from "../components/LevelBadge";
import { Loading } from "../components/Trouble";
import { useSpeech } from "../i18n/context";
import { AskModal } from "./AskModal";
import type { CentreDecision } from "./command";
import { DueAndNote, Field, isSubmit, useProposal } from "./form";
import { hasUnits, inOrder, type Picked, usualUnits } from "./picked";
import { UnitPicker } from "./UnitPicker";
import { useCentre } from "./useCentre";

interface Props {
  incident: Incident;
  onDone: (decisions: CentreDecision[]) => void;
  onCancel: () => void;
}

const LEVELS = [1, 2, 3, 4];

/** Waits for what it is preset from, so that a fast hand confirms what it sees. */
export function AssessDialog(props: Props) {
  const { t } = useSpeech();
  const { known } = useCentre();
  const proposal = useProposal(props.incident.id);
  const ready = known && proposal !== undefined;
  return (
    <AskModal
      width={640}
      title={`${t.desk.verb.assess} #${props.incident.number}`}
      footer={null}
      onCancel={props.onCancel}
    >
      {ready ? <AssessForm {...props} proposal={proposal} /> : <Loading />}
    </AskModal>
  );
}

function AssessForm({ incident, proposal, onDone }: Props & { proposal: Picked }) {
  const { t } = useSpeech();
  const { centre, areas, classOf } = useCentre();
  // What no hand has set says what the incident is, also when that changes.
  const [chosenClass, setClass] = useState<string | undefined>(undefined);
  const [chosenLevel, setLevel] = useState<number | undefined>(undefined);
  const [chosenArea, setArea] = useState<string | undefined>(undefined);
  const [touched, setTouched] = useState<Picked | null>(null);
  const [due, setDue] = useState<number | undefined>(undefined);
  const [note, setNote] = useState("");
  const cls = chosenClass ?? incident.class;
  const area = chosenArea ?? incident.area;
  const found = cls === incident.class ? undefined : centre.classes.find((one) => one.id === cls);
  // A camera's rule has a level of its own; of what is another class now the class says.
  const level = chosenLevel ?? found?.level ?? incident.level;
  const moved = cls !== incident.class || area !== incident.area;
  const usual = moved ? usualUnits(centre.classes.find((one) => one.id === cls)) : proposal;
  const picked = touched ?? usual;

  const choose = (chosen: string) => {
    setClass(chosen);
    setTouched(null);
  };
  const assess: CentreDecision = {
    verb: "assess",
    level,
    class: cls === incident.class ? undefined : cls,
    area: area === incident.area ? undefined : area,
    // Without a hand on it the route decides, which knows more than this form.
    ...(touched?.lead === undefined ? {} : { lead: touched.lead, assist: [...touched.assist] }),
    note: note.trim() || undefined,
  };
  const dispatch: CentreDecision = {
    verb: "dispatch",
    ...(touched?.lead === undefined ? {} : { lead: touched.lead, assist: [...touched.assist] }),
    due_ms: due,
  };
  const canDispatch = hasUnits(centre) && (picked.lead !== undefined || (touched === null && moved));
  const submit = () => onDone(canDispatch ? [assess, dispatch] : [assess]);
  const options = centre.classes.map((one) => ({ value: one.id, label: classOf(one.id) }));

  return (
    <form
      className="verb-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      // Where no button can have the focus the form has it, so that Enter closes nothing and digits still choose.
      ref={canDispatch ? undefined : focusOnce}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (isSubmit(event)) submit();
      }}
    >
      <div className="form-row">
        <Field label={t.desk.form.class}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            aria-label={t.desk.form.class}
            value={cls}
            options={
              options.some((one) => one.value === cls)
                ? options
                : [{ value: cls, label: classOf(cls) }, ...options]
            }
            onChange={choose}
          />
        </Field>
        <Field label={t.desk.form.area}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            aria-label={t.desk.form.area}
            value={area}
            options={areas.map((one) => ({ value: one.id, label: one.name }))}
            onChange={(chosen: string) => {
              setArea(chosen);
              setTouched(null);
            }}
          />
        </Field>
      </div>
      <Field label={t.desk.form.level}>
        <Radio.Group
          optionType="button"
          aria-label={t.desk.form.level}
          value={level}
          onChange={(event) => setLevel(event.target.value)}
          options={LEVELS.map((value) => ({ value, label: <LevelBadge level={value} /> }))}
        />
      </Field>
      {hasUnits(centre) ? (
        <Field label={t.desk.form.units} hint={t.desk.form.unitsHint}>
          <UnitPicker
            units={inOrder(centre.units, usual, area, areas)}
            duty={centre.duty}
            picked={picked}
            onPick={setTouched}
          />
          {picked.lead === undefined && (
            <p className="muted form-said">
              {touched === null && moved ? t.desk.form.byRoute : t.desk.form.noLead}
            </p>
          )}
        </Field>
      ) : (
        <p className="muted">{t.desk.form.noUnits}</p>
      )}
      <DueAndNote due={due} onDue={setDue} note={note} onNote={setNote} />
      <div className="form-foot">
        <Button
          type={canDispatch ? "default" : "primary"}
          onClick={() => onDone([assess])}
          data-act="assess-only"
        >
          {t.desk.form.assess} {!canDispatch && <kbd>Enter</kbd>}
        </Button>
        {canDispatch && (
          <Button type="primary" htmlType="submit" ref={focusOnce} data-act="assess-dispatch">
            {t.desk.form.assessAndDispatch} <kbd>Enter</kbd>
          </Button>
        )}
      </div>
    </form>
  );
}
