import { useCentre } from "../../actions/useCentre";
import type { Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt, whereOf, whyOf } from "../../i18n/format";
import { OpenWord } from "../queue/OpenWord";
import { isDiscontent } from "./revisits";

interface Props {
  incident: Incident;
  selected: boolean;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
}

/** How long until the people concerned should have been asked, or what came of it. */
function Standing({ incident }: { incident: Incident }) {
  const { t, time } = useSpeech();
  const left = (incident.deadline_ms ?? 0) - useNow();
  if (isDiscontent(incident)) return <b className="revisit-late">{t.revisits.decide}</b>;
  if (incident.revisited_ms !== undefined)
    return <span className="muted">{time.stamp(incident.revisited_ms).slice(0, -3)}</span>;
  if (incident.deadline_ms === undefined) return null;
  return left > 0 ? (
    <span>{t.revisits.due(age(t, left))}</span>
  ) : (
    <b className="revisit-late">{t.revisits.late(age(t, -left))}</b>
  );
}

export function RevisitRow({ incident, selected, onSelect, onOpen }: Props) {
  const { t } = useSpeech();
  const { classOf } = useCentre();
  const { satisfaction, revisit_result: result } = incident;
  const answer = satisfaction
    ? t.desk.satisfaction[satisfaction]
    : result && (t.desk.revisitResult[result] ?? result);
  return (
    // Keys work on the page as a whole; the row itself is only a larger target for the pointer.
    <div
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      className={selected ? "row revisit-row row-selected" : "row revisit-row"}
      data-id={incident.id}
      data-state={incident.state}
      onClick={() => onSelect(incident.id)}
      onDoubleClick={() => onOpen(incident.id)}
    >
      <LevelBadge level={incident.level} />
      <span>
        <OpenWord id={incident.id} onOpen={onOpen}>
          {classOf(incident.class)}
        </OpenWord>{" "}
        <span className="muted">#{incident.number}</span>
        <br />
        {whyOf(t, incident)}
      </span>
      <span>
        {seenAt(incident)}
        <br />
        <span className="muted">{whereOf(t, incident)}</span>
      </span>
      <span className="revisit-standing">
        <Standing incident={incident} />
        {answer && (
          <>
            <br />
            {answer}
            {incident.revisited_by && <span className="muted"> · {incident.revisited_by.name}</span>}
          </>
        )}
      </span>
    </div>
  );
}
