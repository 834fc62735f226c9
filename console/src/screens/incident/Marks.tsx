import { Link } from "react-router";
import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";

/** What is the matter with it beside its state. */
export function Marks({ incident }: { incident: Incident }) {
  const { t, time } = useSpeech();
  const words = t.desk.facts;
  const asked = incident.asked_due_ms;
  return (
    <>
      {incident.ongoing && isOpen(incident) && <span className="ongoing">{t.queue.ongoing}</span>}
      {incident.overdue && <span className="tag tag-late">{words.overdue}</span>}
      {incident.held_since_ms !== undefined && <span className="tag tag-warn">{t.history.hold}</span>}
      {incident.asked_hold_ms !== undefined && (
        <span className="tag tag-warn">
          {words.askedHold} {time.stamp(incident.asked_hold_ms).slice(0, -3)}
        </span>
      )}
      {asked !== undefined && (
        <span className="tag tag-warn">
          {words.asked} {time.stamp(asked).slice(0, -3)}
        </span>
      )}
      {incident.urged > 0 && <span className="tag tag-warn">{t.desk.urgeName[incident.urged]}</span>}
      {incident.urged === 3 && (
        <Link to={`/incidents/${incident.id}/supervision`} className="mark-sheet">
          {t.desk.sheet.title}
        </Link>
      )}
      {incident.rework && <span className="tag tag-warn">{words.rework}</span>}
      {incident.reopened && <span className="tag">{words.reopened}</span>}
      {incident.extended && <span className="tag">{words.extended}</span>}
      {incident.archived_ms !== undefined && <span className="tag">{words.archived}</span>}
      {incident.close_suggested && isOpen(incident) && (
        <span className="suggested">{t.incident.suggested}</span>
      )}
    </>
  );
}
