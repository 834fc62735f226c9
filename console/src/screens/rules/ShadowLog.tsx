/** What shadow rules would have raised in the last day, beside what live rules did. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { need } from "../../api/client";
import { trials } from "../../api/trials";
import type { ShadowAlarm } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { timelineLink } from "../../timeline/address";

const DAY_MS = 86_400_000;
const REFRESH_MS = 30_000;

export function ShadowLog({ camera }: { camera: string }) {
  const { t } = useSpeech();
  const log = useQuery({
    queryKey: ["shadow", camera],
    queryFn: ({ signal }) => need(trials.shadow(camera, Date.now() - DAY_MS, Date.now(), signal)),
    refetchInterval: REFRESH_MS,
  });
  if (!log.data) return null;
  const { shadow, live } = log.data;
  return (
    <section className="card shadow-log">
      <h2>{t.rules.shadowTitle}</h2>
      <div className="shadow-sides">
        <Side title={t.rules.shadow} camera={camera} alarms={shadow} />
        <Side title={t.rules.live} camera={camera} alarms={[...live].reverse()} />
      </div>
    </section>
  );
}

function Side({ title, camera, alarms }: { title: string; camera: string; alarms: ShadowAlarm[] }) {
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
          </li>
        ))}
        {alarms.length === 0 && <li className="muted">{t.rules.nothing}</li>}
      </ol>
    </div>
  );
}
