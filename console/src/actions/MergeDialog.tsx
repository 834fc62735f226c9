import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { seenAt, whyOf } from "../i18n/format";
import { isOpen } from "../live/book";
import { useIncidents } from "../live/LiveProvider";
import { ChoiceDialog } from "./ChoiceDialog";
import { mergeTargets } from "./picked";
import { useCentre } from "./useCentre";

interface Props {
  incident: Incident;
  onChoose: (into: number, note?: string) => void;
  onCancel: () => void;
}

const MOST = 9;

export function MergeDialog({ incident, onChoose, onCancel }: Props) {
  const { t, time } = useSpeech();
  const { classOf } = useCentre();
  const found = mergeTargets(incident, useIncidents().filter(isOpen), MOST);
  return (
    <ChoiceDialog
      width={640}
      title={`${t.desk.verb.merge} #${incident.number}`}
      hint={(found.length > 0 ? t.desk.hint.merge : t.desk.hint.merge_none) ?? ""}
      choices={found.map((other) => ({
        value: other.id,
        label: `#${other.number} ${classOf(other.class)}`,
        hint: `${time.clock(other.opened_ms)} · ${seenAt(other) || whyOf(t, other)}`,
      }))}
      onChoose={onChoose}
      onCancel={onCancel}
    />
  );
}
