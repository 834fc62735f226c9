/** Who leads and who helps: every unit in sight, one digit each. */
import { Input } from "antd";
import { useState } from "react";
import type { Unit } from "../api/desk";
import type { Centre } from "../api/types";
import { useKeys } from "../components/keys";
import { useSpeech } from "../i18n/context";
import { NOBODY_TOLD, type Picked, type Told, turn } from "./picked";

interface Props {
  units: readonly Unit[];
  duty: Centre["duty"];
  picked: Picked;
  /** Units that have been told already: a helper may come to lead, nothing else. */
  told?: Told;
  onPick: (picked: Picked) => void;
}

const DIGITS = 9;
/** More than this are narrowed by typing. */
const MANY = 16;

export function UnitPicker({ units, duty, picked, told = NOBODY_TOLD, onPick }: Props) {
  const { t } = useSpeech();
  const [words, setWords] = useState("");
  const shown = units.filter((unit) => unit.name.includes(words.trim()) || unit.id.includes(words.trim()));
  const press = (at: number) => {
    const unit = shown[at];
    if (unit) onPick(turn(picked, unit.id, told));
  };
  useKeys(Object.fromEntries(Array.from({ length: DIGITS }, (_, at) => [String(at + 1), () => press(at)])));
  const onDuty = (id: string) => duty.find((one) => one.unit === id);

  return (
    <div className="picker">
      {units.length > MANY && (
        <Input
          value={words}
          onChange={(event) => setWords(event.target.value)}
          placeholder={t.desk.form.anyUnit}
          aria-label={t.desk.form.anyUnit}
        />
      )}
      <div className="picker-units">
        {shown.map((unit, at) => {
          const role = picked.lead === unit.id ? "lead" : picked.assist.includes(unit.id) ? "assist" : null;
          const has = told.units.includes(unit.id);
          const people = onDuty(unit.id)?.people.join("、");
          return (
            <button
              key={unit.id}
              type="button"
              data-unit={unit.id}
              aria-pressed={role !== null}
              className={`picker-unit ${role === null ? "" : `picker-${role}`}`}
              onClick={() => onPick(turn(picked, unit.id, told))}
            >
              {at < DIGITS && <kbd>{at + 1}</kbd>}
              <span className="picker-name">
                {unit.name}
                {people && <span className="muted"> {t.desk.form.duty(people)}</span>}
              </span>
              <b>{role === null ? (has ? t.desk.form.told : "") : t.desk.form[role]}</b>
            </button>
          );
        })}
      </div>
    </div>
  );
}
