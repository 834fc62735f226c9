/** One incident for the unit that was told of it: what, where, what the centre wants, and the next step as one button. */
import { ArrowLeftOutlined, EnvironmentOutlined, PhoneOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { client, need, ProblemError, thumbnailUrl } from "../../api/client";
import { attachmentUrl, clipUrl, recodedUrl } from "../../api/phone";
import { useViewer } from "../../api/session";
import type { Assignment, IncidentDetail } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { seenAt, whereOf, whyOf } from "../../i18n/format";
import { useIncidents } from "../../live/LiveProvider";
import { type Deed, isDone } from "./deed";
import { clockOf, dueOf, historyOf, stepOf, wordsOfCentre } from "./order";
import { Left, Marks } from "./TasksPage";
import { useCentre } from "./useCentre";
import { useDeeds } from "./useDeeds";
import { WorkBar } from "./WorkBar";

export function TaskPage() {
  const { t } = useSpeech();
  const { unit } = useViewer();
  const id = Number(useParams().id);
  const navigate = useNavigate();
  const known = useIncidents().find((incident) => incident.id === id);
  const { deeds, drop } = useDeeds();
  const detail = useQuery({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => need(client.incident(id, signal)),
    enabled: Number.isInteger(id) && unit !== undefined,
  });
  const fetched = detail.data;
  // Between an event and the answer to the question that it caused, the book is newer than the page.
  const incident = fetched && known && known.version > fetched.version ? { ...fetched, ...known } : fetched;

  const arrived = incident && unit ? deeds.filter((d) => d.incident === id && isDone(d, incident, unit)) : [];
  useEffect(() => {
    for (const deed of arrived) void drop(deed);
  });

  const back = () => navigate("/tasks");
  const missing = detail.error instanceof ProblemError && detail.error.problem.status === 404;
  if (missing || unit === undefined || !Number.isInteger(id)) {
    return (
      <>
        <Trouble title={t.phone.gone} label={t.phone.back} onRetry={back} />
        <Undelivered deeds={deeds.filter((deed) => deed.incident === id)} onDrop={drop} />
      </>
    );
  }
  if (!incident) {
    if (!detail.isError) return <Loading />;
    return <Trouble title={t.incident.failed} error={detail.error} onRetry={() => detail.refetch()} />;
  }
  return (
    <>
      <div className="phone-page task-page">
        <Head incident={incident} unit={unit} />
        <Words incident={incident} unit={unit} />
        <What incident={incident} />
        <Units incident={incident} unit={unit} />
        <Files incident={incident} />
        <Past incident={incident} unit={unit} />
      </div>
      <WorkBar
        incident={incident}
        unit={unit}
        deeds={deeds.filter((deed) => deed.incident === id && !arrived.includes(deed))}
      />
    </>
  );
}

/** What can no longer be delivered, because the incident is another's now: to be read once more, and told by word. */
function Undelivered({ deeds, onDrop }: { deeds: readonly Deed[]; onDrop: (deed: Deed) => Promise<void> }) {
  const { t } = useSpeech();
  return (
    <div className="phone-page">
      {deeds.map((deed) => (
        <div key={deed.action} className="unsent">
          <b>
            {t.phone.unsent}: {t.phone.act[deed.action]}
          </b>
          {deed.note && <span>{deed.note}</span>}
          <Button size="large" onClick={() => void onDrop(deed)}>
            {t.phone.drop}
          </Button>
        </div>
      ))}
    </div>
  );
}

interface Part {
  incident: IncidentDetail;
  unit: string;
}

function Head({ incident, unit }: Part) {
  const { t, time } = useSpeech();
  const { className } = useCentre();
  const step = stepOf(incident, unit);
  const due = incident.held_since_ms === undefined ? clockOf(incident.clocks, unit, step) : undefined;
  const by = due ?? dueOf(incident, step);
  return (
    <section className={`phone-card task-top task-${incident.level}`}>
      <div className="task-bar">
        <Link to="/tasks" className="phone-back" aria-label={t.phone.back}>
          <ArrowLeftOutlined />
        </Link>
        <LevelBadge level={incident.level} long />
        <span className="muted task-number">#{incident.number}</span>
      </div>
      <h1>{className(incident.class)}</h1>
      <p className="task-now">
        <span className={`step step-${step}`}>
          {step === "over" ? (t.state[incident.state] ?? incident.state) : t.phone.step[step]}
        </span>
        {by !== undefined && (
          <span>
            {t.phone.until[step]} {time.stamp(by).slice(0, -3)} · <Left due_ms={by} />
          </span>
        )}
      </p>
      <p className="task-marks">
        <Marks incident={incident} unit={unit} />
      </p>
      {incident.asked_hold_ms !== undefined && <p className="muted">{t.phone.askedHold}</p>}
      {incident.asked_due_ms !== undefined && (
        <p className="muted">{t.phone.askedUntil(time.stamp(incident.asked_due_ms).slice(0, -3))}</p>
      )}
    </section>
  );
}

/** What the centre says comes before everything else. */
function Words({ incident, unit }: Part) {
  const { t, time } = useSpeech();
  const words = wordsOfCentre(incident.history, unit);
  if (words.length === 0) return null;
  return (
    <section className="phone-card task-words">
      <h2>{t.phone.words}</h2>
      {words.map((row) => (
        <blockquote key={row.version}>
          {row.note}
          <footer className="muted">
            {t.history[row.action] ?? row.action} · {row.actor?.name ?? t.incident.machine} ·{" "}
            {time.stamp(row.at_ms).slice(0, -3)}
          </footer>
        </blockquote>
      ))}
    </section>
  );
}

function What({ incident }: { incident: IncidentDetail }) {
  const { t, time } = useSpeech();
  const { latitude, longitude } = incident;
  const hasPosition = latitude !== undefined && longitude !== undefined;
  return (
    <section className="phone-card">
      <h2>{t.phone.what}</h2>
      <p className="task-sentence">{whyOf(t, incident)}</p>
      {incident.description && <p className="task-text">{incident.description}</p>}
      {incident.evidence && <Scene incident={incident} />}
      <dl className="phone-facts">
        <dt>{t.phone.where}</dt>
        <dd>
          <b>{seenAt(incident) || incident.area_name}</b>
          <span className="muted">{whereOf(t, incident)}</span>
          {hasPosition && (
            <a href={`geo:${latitude},${longitude}?q=${latitude},${longitude}`} className="phone-link">
              <EnvironmentOutlined aria-hidden="true" /> {t.phone.map}（{latitude.toFixed(5)},{" "}
              {longitude.toFixed(5)}）
            </a>
          )}
        </dd>
        <dt>{t.incident.began}</dt>
        <dd>{time.stamp(incident.opened_ms)}</dd>
        {incident.reporter && (
          <>
            <dt>{t.phone.reporter}</dt>
            <dd>
              {incident.reporter}
              {incident.reporter_phone && (
                <a href={`tel:${incident.reporter_phone}`} className="phone-link">
                  <PhoneOutlined aria-hidden="true" /> {incident.reporter_phone}
                </a>
              )}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** The still at once; the recording, which costs a thin link much more, when it is asked for. */
function Scene({ incident }: { incident: IncidentDetail }) {
  const { t } = useSpeech();
  const [playing, setPlaying] = useState(false);
  const [recoded, setRecoded] = useState(false);
  const [failed, setFailed] = useState(false);
  const still = incident.thumbnail ? thumbnailUrl(incident.id) : undefined;
  if (failed) return <p className="phone-note">{t.phone.clipFailed}</p>;
  if (playing) {
    return (
      <video
        className="scene"
        src={recoded ? recodedUrl(incident.id) : clipUrl(incident.id)}
        poster={still}
        controls
        autoPlay
        muted
        playsInline
        aria-label={t.phone.clip}
        onError={() => (recoded ? setFailed(true) : setRecoded(true))}
      />
    );
  }
  return (
    <button type="button" className="scene" onClick={() => setPlaying(true)}>
      {still && <img src={still} alt={t.phone.clip} />}
      <span>
        <PlayCircleOutlined aria-hidden="true" /> {t.phone.showClip}
      </span>
    </button>
  );
}

function Units({ incident, unit }: Part) {
  const { t, time } = useSpeech();
  const at = (ms: number) => time.stamp(ms).slice(0, -3);
  const facts = (part: Assignment) => [
    t.phone.told(at(part.told_ms)),
    part.signed_ms === undefined ? t.phone.notYet : t.phone.signedAt(at(part.signed_ms)),
    part.arrived_ms === undefined ? "" : t.phone.arrivedAt(at(part.arrived_ms)),
    part.finished_ms === undefined ? "" : t.phone.finishedAt(at(part.finished_ms)),
  ];
  const parts = incident.units.filter((part) => part.ended_ms === undefined);
  return (
    <section className="phone-card">
      <h2>{t.phone.units}</h2>
      <ul className="phone-units">
        {parts.map((part) => (
          <li key={`${part.unit}-${part.told_ms}`}>
            <b>{part.unit_name}</b>{" "}
            <span className="task-tag">{part.lead ? t.phone.lead : t.phone.assist}</span>
            {part.unit === unit && <span className="task-tag">{t.phone.own}</span>}
            <span className="muted">
              {facts(part)
                .filter((fact) => fact !== "")
                .join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Files({ incident }: { incident: IncidentDetail }) {
  const { t } = useSpeech();
  if (incident.attachments.length === 0) return null;
  return (
    <section className="phone-card">
      <h2>{t.phone.photos}</h2>
      <ul className="phone-files">
        {incident.attachments.map((file) => (
          <li key={file.id}>
            <a href={attachmentUrl(incident.id, file.id)} target="_blank" rel="noreferrer">
              {file.media_type.startsWith("image/") ? (
                <img src={attachmentUrl(incident.id, file.id)} alt={file.name} loading="lazy" />
              ) : (
                file.name
              )}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

const FEW = 5;

function Past({ incident, unit }: Part) {
  const { t, time } = useSpeech();
  const [all, setAll] = useState(false);
  const rows = historyOf(incident.history, unit);
  return (
    <section className="phone-card">
      <h2>{t.phone.history}</h2>
      <ol className="phone-history">
        {(all ? rows : rows.slice(0, FEW)).map((row) => (
          <li key={row.version}>
            <span className="muted">{time.stamp(row.at_ms).slice(0, -3)}</span>{" "}
            <b>{t.phone.act[row.action] ?? t.history[row.action] ?? row.action}</b>{" "}
            {row.actor?.name ?? t.incident.machine}
            {row.note && <p>{row.note}</p>}
          </li>
        ))}
      </ol>
      {!all && rows.length > FEW && (
        <Button block onClick={() => setAll(true)}>
          {t.phone.allHistory(rows.length)}
        </Button>
      )}
    </section>
  );
}
