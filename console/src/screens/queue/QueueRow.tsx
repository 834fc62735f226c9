import { memo } from "react";
import { useCentre } from "../../actions/useCentre";
import { thumbnailUrl } from "../../api/client";
import type { Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt, whereOf, whyOf } from "../../i18n/format";
import { isOpen } from "../../live/book";
import { isLate } from "../../queue/filter";
import { NextEscalation } from "../incident/Escalation";
import { OpenWord } from "./OpenWord";
import { StateTag } from "./StateTag";

function Age({ since_ms }: { since_ms: number }) {
  const { t } = useSpeech();
  return <>{age(t, useNow() - since_ms)}</>;
}

/** How long until something must have happened, or how long that is past. */
function Left({ deadline_ms }: { deadline_ms: number }) {
  const { t } = useSpeech();
  const left = deadline_ms - useNow();
  return left > 0 ? (
    <b>{t.desk.clock.left(age(t, left))}</b>
  ) : (
    <b className="row-over">{t.desk.clock.over(age(t, -left))}</b>
  );
}

/** Whether its time is over, as of this second. */
const useLate = (incident: Incident): boolean => isLate(incident, useNow());

export function Thumb({ incident, className }: { incident: Incident; className: string }) {
  const { t } = useSpeech();
  if (!incident.thumbnail) {
    // What has no picture shows where it came from in its place.
    const from = incident.source === "camera" ? "" : (t.desk.source[incident.source] ?? incident.source);
    return <span className={`${className} thumb-none`}>{from}</span>;
  }
  return (
    <img className={className} src={thumbnailUrl(incident.id)} alt="" loading="lazy" draggable={false} />
  );
}

interface Props {
  incident: Incident;
  selected: boolean;
  viewerId: number;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
  /** It comes from a source that raises more than its budget. */
  noisy?: boolean;
  /** Finished rows fade among open ones; in a list of nothing else they do not. */
  fade?: boolean;
}

export const QueueRow = memo(function QueueRow({
  incident,
  selected,
  viewerId,
  onSelect,
  onOpen,
  noisy = false,
  fade = false,
}: Props) {
  const { t, time } = useSpeech();
  const { classOf } = useCentre();
  const open = isOpen(incident);
  const late = useLate(incident) && open;
  const lead = incident.units.find((one) => one.lead && one.ended_ms === undefined);
  const counted = incident.units.filter((one) => one.ended_ms === undefined).length;
  const mine = incident.owner?.id === viewerId;
  const look = [
    "row",
    `row-${incident.level}`,
    selected ? "row-selected" : "",
    open ? "" : "row-finished",
    open || !fade ? "" : "row-fading",
    incident.state === "new" ? "row-new" : "",
    late ? "row-late" : "",
  ];
  return (
    // Keys work on the page as a whole; the row itself is only a larger target for the pointer.
    <div
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      className={look.join(" ")}
      data-id={incident.id}
      data-state={incident.state}
      onClick={() => onSelect(incident.id)}
      onDoubleClick={() => onOpen(incident.id)}
    >
      <span className="row-level">
        <LevelBadge level={incident.level} />
      </span>
      <Thumb incident={incident} className="row-thumb" />
      <span className="row-what">
        <span className="row-title">
          <OpenWord id={incident.id} onOpen={onOpen}>
            {classOf(incident.class)}
          </OpenWord>
          {incident.ongoing && open && <span className="ongoing">{t.queue.ongoing}</span>}
          {noisy && open && (
            <span className="row-noisy" title={t.noise.markHint}>
              {t.noise.mark}
            </span>
          )}
          {incident.alarms > 1 && <span className="row-alarms">{t.queue.alarms(incident.alarms)}</span>}
        </span>
        <span className="row-why">{whyOf(t, incident)}</span>
      </span>
      <span className="row-where">
        <span className="row-camera">{seenAt(incident)}</span>
        <span className="muted">{whereOf(t, incident)}</span>
        {open && incident.escalation && <NextEscalation step={incident.escalation} />}
      </span>
      <span className="row-age">
        {open && incident.deadline_ms !== undefined && <Left deadline_ms={incident.deadline_ms} />}
        <span className={open ? "row-since" : "row-at"}>
          {open ? <Age since_ms={incident.opened_ms} /> : time.stamp(incident.opened_ms).slice(0, -3)}
        </span>
        <span className="muted">#{incident.number}</span>
      </span>
      <span className="row-state">
        <StateTag incident={incident} brief={!fade} />
        {lead && (
          <span className="row-owner">
            {lead.unit_name}
            {counted > 1 && ` +${counted - 1}`}
          </span>
        )}
        <span className="row-owner muted">
          {incident.owner ? (mine ? t.queue.mine : incident.owner.name) : ""}
        </span>
      </span>
    </div>
  );
});
