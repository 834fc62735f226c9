/** Beside the map: the camera that was picked with its incidents, or else what is most urgent. */
import { Button } from "antd";
import { Link, useNavigate } from "react-router";
import { mayWatch, useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt } from "../../i18n/format";
import type { Mark, Marked } from "../../map/marks";
import { nearTo } from "../../map/related";
import { byUrgency } from "../../queue/board";
import { useClassNames } from "../handover/HandoverNotice";
import { playback } from "../incident/RelatedCameras";

/** So many fit beside the map. */
const MOST = 30;

interface Props {
  mark: Mark | undefined;
  marks: readonly Mark[];
  onPick: (key: string | null) => void;
}

/** Cameras around a report: picked with a click, and played back at the time that it tells of. */
function Near({ incident, marks, onPick }: { incident: Incident } & Pick<Props, "marks" | "onPick">) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const placed = marks.flatMap((one) => (one.camera ? [{ key: one.key, camera: one.camera }] : []));
  const near = nearTo(
    incident,
    placed.map((one) => one.camera),
  );
  return (
    <>
      <h3>{near.length > 0 ? t.map.near(near.length) : t.related.none}</h3>
      <ul className="map-list" data-near={near.length}>
        {near.map(({ camera, meters }) => (
          <li key={camera.id}>
            <button
              type="button"
              className="map-where"
              onClick={() => onPick(placed.find((one) => one.camera.id === camera.id)?.key ?? null)}
            >
              {camera.name}
            </button>
            <span className="muted nowrap">
              {meters === undefined ? t.related.sameArea : t.related.away(meters)}
            </span>
            {mayWatch(viewer.role) && (
              <Link to={playback([camera.id], incident.opened_ms)}>{t.related.play}</Link>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

export function MarkPanel({ mark, marks, onPick }: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const navigate = useNavigate();
  if (!mark) {
    const all = marks
      .flatMap((one) => one.incidents.map((incident) => ({ incident, key: one.key })))
      .sort((a, b) => byUrgency(a.incident, b.incident));
    return (
      <section>
        <h2>{all.length > 0 ? t.map.incidents(all.length) : t.map.noIncident}</h2>
        <ul className="map-list">
          {all.slice(0, MOST).map(({ incident, key }) => (
            <IncidentLine key={incident.id} incident={incident} onPick={() => onPick(key)} />
          ))}
        </ul>
      </section>
    );
  }
  const { camera } = mark;
  return (
    <section data-picked={mark.key}>
      <h2>{camera?.name ?? mark.incidents[0]?.title}</h2>
      {camera && (
        <p className="muted">
          {camera.area_name} · {t.place[camera.place] ?? camera.place} · {t.map[mark.look]}
        </p>
      )}
      {camera && mayWatch(viewer.role) && (
        <Button onClick={() => navigate(`/cameras/${camera.id}`)}>{t.map.live}</Button>
      )}
      <h3>{mark.incidents.length > 0 ? t.map.incidents(mark.incidents.length) : t.map.noIncident}</h3>
      <ul className="map-list">
        {mark.incidents.slice(0, MOST).map((incident) => (
          <IncidentLine key={incident.id} incident={incident} />
        ))}
      </ul>
      {!camera && mark.incidents[0] && <Near incident={mark.incidents[0]} marks={marks} onPick={onPick} />}
    </section>
  );
}

export function IncidentLine({ incident, onPick }: { incident: Incident; onPick?: () => void }) {
  const { t } = useSpeech();
  const now = useNow();
  const className = useClassNames();
  return (
    <li>
      <LevelBadge level={incident.level} />
      <Link to={`/incidents/${incident.id}`} className="map-what">
        {className(incident.class)}
      </Link>
      <span className="muted nowrap">{age(t, now - incident.opened_ms)}</span>
      {onPick ? (
        <button type="button" className="map-where" onClick={onPick}>
          {seenAt(incident) || incident.area_name}
        </button>
      ) : (
        <span className="map-where">
          {[incident.title, t.state[incident.state] ?? incident.state].filter(Boolean).join(" · ")}
        </span>
      )}
      <span className="muted map-number">#{incident.number}</span>
    </li>
  );
}

/** What the map cannot show is said, and reachable. */
export function Lost({ marked }: { marked: Marked }) {
  const { t } = useSpeech();
  const { lost, unplaced } = marked;
  if (lost.length === 0 && unplaced.length === 0) return null;
  return (
    <section className="map-lost">
      {lost.length > 0 && <h3>{t.map.lost(lost.length)}</h3>}
      <ul className="map-list">
        {lost.slice(0, MOST).map((incident) => (
          <IncidentLine key={incident.id} incident={incident} />
        ))}
      </ul>
      {unplaced.length > 0 && (
        <details>
          <summary className="muted">{t.map.unplaced(unplaced.length)}</summary>
          <p>{unplaced.map((camera) => camera.name).join("、")}</p>
        </details>
      )}
    </section>
  );
}
