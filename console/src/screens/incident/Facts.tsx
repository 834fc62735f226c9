import { Fragment, type ReactNode } from "react";
import { Link } from "react-router";
import { desk } from "../../api/desk";
import { useViewer } from "../../api/session";
import type { Alarm, IncidentDetail } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { LowTrust } from "../../components/LowTrust";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt, whereOf } from "../../i18n/format";
import { isOpen } from "../../live/book";
import { timelineLink } from "../../timeline/address";
import { MoreRows } from "./MoreRows";
import { useParts } from "./useParts";

export function Facts({ incident }: { incident: IncidentDetail }) {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const now = useNow();
  const open = isOpen(incident);
  const lease = open && incident.lease_until_ms ? incident.lease_until_ms - now : null;
  const minute = (ms: number) => time.stamp(ms).slice(0, -3);
  const words = t.desk.facts;
  const result = t.desk.revisitResult[incident.revisit_result ?? ""];
  const content = t.desk.satisfaction[incident.satisfaction ?? ""];
  const all: [string, ReactNode][] = [
    [words.due, incident.due_ms && minute(incident.due_ms)],
    [words.asked, incident.asked_due_ms && minute(incident.asked_due_ms)],
    [words.held, incident.held_since_ms && minute(incident.held_since_ms)],
    [words.escalated, incident.escalated > 0 && words.escalatedTimes(incident.escalated)],
    [words.shelved, incident.shelved_until_ms && minute(incident.shelved_until_ms)],
    [
      words.merged,
      incident.merged_into && <Link to={`/incidents/${incident.merged_into}`}>#{incident.merged_into}</Link>,
    ],
    [words.ended, incident.ended_ms && minute(incident.ended_ms)],
    [words.revisit, result && [result, content].filter(Boolean).join(" · ")],
    [words.archived, incident.archived_ms && minute(incident.archived_ms)],
  ];
  const more = all.filter(([, value]) => value);
  return (
    <section className="card panel">
      <h2>{t.incident.facts}</h2>
      <dl className="facts">
        <dt>{t.incident.level}</dt>
        <dd>
          <LevelBadge level={incident.level} long />
        </dd>
        <dt>{t.incident.owner}</dt>
        <dd>
          {incident.owner?.name ?? t.queue.nobody}
          {lease !== null && lease > 0 && <span className="muted"> · {t.incident.lease(age(t, lease))}</span>}
        </dd>
        <dt>{incident.camera ? t.incident.camera : t.desk.facts.location}</dt>
        <dd>
          {seenAt(incident) || t.common.none}
          {viewer.role === "operator" && incident.camera && (
            <>
              {" "}
              <Link to={`/cameras/${incident.camera}`} className="nowrap">
                {t.act.live} <kbd>L</kbd>
              </Link>{" "}
              <Link to={timelineLink(incident.camera, incident.opened_ms)} className="nowrap">
                {t.timeline.open} <kbd>T</kbd>
              </Link>
            </>
          )}
        </dd>
        <dt>{t.desk.facts.source}</dt>
        <dd>{t.desk.source[incident.source] ?? incident.source}</dd>
        <dt>{t.incident.area}</dt>
        <dd>{whereOf(t, incident)}</dd>
        {more.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
        <dt>{t.incident.began}</dt>
        <dd>
          {time.stamp(incident.opened_ms)}
          {open && <span className="muted"> · {age(t, now - incident.opened_ms)}</span>}
        </dd>
        {incident.alarms > 1 && (
          <>
            <dt>{t.incident.lastAlarm}</dt>
            <dd>{time.stamp(incident.last_alarm_ms)}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

interface AlarmListProps {
  incident: IncidentDetail;
  shown: number | undefined;
  onShow: (alarm: Alarm) => void;
}

/** The alarms of the incident; a click shows its part of the recording. */
export function AlarmList({ incident, shown, onShow }: AlarmListProps) {
  const { t, time } = useSpeech();
  const { rows, before, missing, more, loading, error } = useParts({
    head: incident.alarm_list,
    total: incident.alarms,
    key: (alarm) => alarm.id,
    load: async (before) => {
      const page = await desk.alarms(incident.id, before);
      return page.kind === "ok" ? { kind: "ok", value: page.value.alarms } : page;
    },
  });
  const current = shown ?? rows[0]?.id;
  return (
    <section className="card panel">
      <h2>
        {t.incident.alarmList} <span className="muted">{incident.alarms}</span>
      </h2>
      <ol className="alarm-list">
        {rows.map((alarm) => (
          <Fragment key={alarm.id}>
            {alarm.id === before && (
              <MoreRows missing={missing} loading={loading} error={error} onMore={() => void more()} />
            )}
            <li>
              <button
                type="button"
                className={alarm.id === current ? "alarm alarm-shown" : "alarm"}
                aria-pressed={alarm.id === current}
                title={t.incident.showClip}
                onClick={() => onShow(alarm)}
              >
                <span className="muted">
                  {time.clock(alarm.began_ms)}{" "}
                  {alarm.ended_ms === undefined ? (
                    <span className="ongoing">{t.incident.running}</span>
                  ) : (
                    t.incident.until(time.clock(alarm.ended_ms))
                  )}
                  {alarm.end_cause &&
                    alarm.end_cause !== "cleared" &&
                    ` · ${t.endCause[alarm.end_cause] ?? alarm.end_cause}`}
                </span>
                <span>
                  {t.sentence(alarm.evidence)} <LowTrust evidence={alarm.evidence} />
                </span>
              </button>
            </li>
          </Fragment>
        ))}
      </ol>
    </section>
  );
}
