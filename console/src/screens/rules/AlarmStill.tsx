/** The moment of an alarm: its still with zone and boxes, when it was and why. Opens the recording there. */
import { Link } from "react-router";
import { seesStills, useViewer } from "../../api/session";
import { stillUrl } from "../../api/trials";
import type { Evidence, TraceBox, Zone } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import { timelineLink } from "../../timeline/address";

interface AlarmStillProps {
  camera: string;
  trial: number;
  side: "trial" | "live";
  alarm: {
    n: number;
    rule: string;
    began_ms: number;
    raised_ms: number;
    ended_ms?: number;
    evidence: Evidence;
    has_still: boolean;
  };
  boxes: TraceBox[];
  zones: Zone[];
}

export function AlarmStill({ camera, trial, side, alarm, boxes, zones }: AlarmStillProps) {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const sentence = t.sentence(alarm.evidence);
  const zone = zones.find((one) => one.id === alarm.evidence.zone?.id);
  const shown = alarm.has_still && seesStills(viewer.role);
  const lasts =
    alarm.ended_ms === undefined ? t.rules.ongoing : t.rules.lasts(age(t, alarm.ended_ms - alarm.began_ms));
  return (
    <Link className="still" to={timelineLink(camera, alarm.began_ms)} title={t.rules.open}>
      <span className="still-picture">
        {shown ? (
          <img src={stillUrl(camera, trial, side, alarm.n)} alt={sentence} loading="lazy" />
        ) : (
          <span className="still-none">{seesStills(viewer.role) ? t.rules.noStill : t.rules.noPictures}</span>
        )}
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          {zone && (
            <polygon
              className="still-zone"
              points={zone.polygon.map((at) => `${at.x * 100},${at.y * 100}`).join(" ")}
            />
          )}
          {boxes.map((box) => (
            <rect
              key={box.track}
              className="still-box"
              x={box.rect.x0 * 100}
              y={box.rect.y0 * 100}
              width={(box.rect.x1 - box.rect.x0) * 100}
              height={(box.rect.y1 - box.rect.y0) * 100}
            />
          ))}
        </svg>
      </span>
      <span className="still-when">
        <b>{time.stamp(alarm.began_ms)}</b> <code className="muted">{alarm.rule}</code>
      </span>
      <span>{sentence}</span>
      <span className="muted">{lasts}</span>
    </Link>
  );
}
