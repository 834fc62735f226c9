/** What a unit did, entered by the operator who has it on the telephone. */
import { Button, Input, Upload, type UploadFile } from "antd";
import { useState } from "react";
import type { WorkVerb } from "../api/desk";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { spanWords } from "../timeline/words";
import { ChoiceDialog } from "./ChoiceDialog";
import type { WorkDecision } from "./command";
import { needsNote, unitVerbs } from "./lifecycle";
import { TimeField } from "./TimeField";

interface Props {
  incident: Incident;
  unit: string;
  onDone: (decision: WorkDecision) => void;
  onCancel: () => void;
}

const DAY_MS = 86_400_000;

export function UnitDialog({ incident, unit, onDone, onCancel }: Props) {
  const { t, time } = useSpeech();
  const [files, setFiles] = useState<UploadFile[]>([]);
  const [wished, setWished] = useState<number | undefined>(
    incident.due_ms === undefined ? undefined : incident.due_ms + DAY_MS,
  );
  const [whyNoFile, setWhyNoFile] = useState("");
  const one = incident.units.find((each) => each.unit === unit && each.ended_ms === undefined);
  const verbs = one ? unitVerbs(one, incident) : [];
  const choose = (verb: WorkVerb, note?: string) =>
    onDone({
      verb,
      unit,
      note,
      due_ms: verb === "ask_extension" ? wished : undefined,
      why_no_file: verb === "finish" ? whyNoFile.trim() || undefined : undefined,
      files: files.flatMap((each) => (each.originFileObj ? [each.originFileObj] : [])),
    });
  const later = (verb: WorkVerb) =>
    verb === "ask_extension" && wished !== undefined && incident.due_ms !== undefined
      ? `${spanWords(t, wished - incident.due_ms)} · ${time.stamp(wished).slice(0, -3)}`
      : undefined;
  return (
    <ChoiceDialog
      title={t.desk.unit.actTitle(one?.unit_name ?? unit)}
      hint={t.desk.unit.actHint}
      choices={verbs.map((verb) => ({
        value: verb,
        label: t.desk.verb[verb] ?? verb,
        hint: later(verb),
        needsNote: needsNote(verb),
      }))}
      onChoose={choose}
      onCancel={onCancel}
    >
      <div className="unit-extra">
        {verbs.includes("ask_extension") && (
          <label>
            <span className="muted">{t.desk.verb.ask_extension}</span>{" "}
            <TimeField value={wished} label={t.desk.verb.ask_extension ?? ""} onChange={setWished} />
          </label>
        )}
        {incident.level === 1 && verbs.includes("finish") && (
          <label>
            <span className="muted">{t.desk.unit.whyNoFile}</span>{" "}
            <Input
              value={whyNoFile}
              maxLength={200}
              aria-label={t.desk.unit.whyNoFile}
              onChange={(event) => setWhyNoFile(event.target.value)}
            />
          </label>
        )}
        <Upload
          multiple
          fileList={files}
          beforeUpload={() => false}
          accept="image/jpeg,image/png,application/pdf,text/plain"
          onChange={({ fileList }) => setFiles(fileList)}
        >
          <Button size="small">{t.desk.unit.files}</Button>
        </Upload>
      </div>
    </ChoiceDialog>
  );
}
