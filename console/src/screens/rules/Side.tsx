/** One of two lists of alarms side by side: what was raised, or would have been. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { ShadowAlarm } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { timelineLink } from "../../timeline/address";

interface SideProps<A extends ShadowAlarm> {
  title: string;
  camera: string;
  alarms: A[];
  /** What else is to be said of one. */
  verdict?: (alarm: A) => ReactNode;
}

export function Side<A extends ShadowAlarm>({ title, camera, alarms, verdict }: SideProps<A>) {
  const { t, time } = useSpeech();
  return (
    <div>
      <h3>
        {title} <span className="muted">{t.rules.times(alarms.length)}</span>
      </h3>
      <ol>
        {alarms.map((alarm) => (
          <li key={`${alarm.rule} ${alarm.began_ms}`}>
            <Link to={timelineLink(camera, alarm.began_ms)}>{time.stamp(alarm.began_ms)}</Link>
            <code className="muted">{alarm.rule}</code>
            <span>{t.sentence(alarm.evidence)}</span>
            {verdict?.(alarm)}
          </li>
        ))}
        {alarms.length === 0 && <li className="muted">{t.rules.nothing}</li>}
      </ol>
    </div>
  );
}
