/** Neither plan nor map: every area as a box with its cameras and open incidents. */
import { Link } from "react-router";
import { mayWatch, useViewer } from "../../api/session";
import type { Camera, Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { boxesOf, lookOf } from "../../map/marks";
import { byUrgency } from "../../queue/board";
import { IncidentLine } from "./MarkPanel";

/** More of them are in the queue. */
const MOST_LINES = 4;

export function AreaGrid({
  cameras,
  incidents,
}: {
  cameras: readonly Camera[];
  incidents: readonly Incident[];
}) {
  const { t } = useSpeech();
  return (
    <div className="area-grid">
      {boxesOf(cameras, incidents).map((box) => (
        <section key={box.area} className="area-box card" data-area={box.area}>
          <h2>
            {box.name}
            {box.incidents.length > 0 && (
              <span className="muted">{t.map.incidents(box.incidents.length)}</span>
            )}
          </h2>
          <ul className="area-cameras">
            {box.cameras.map((camera) => (
              <CameraChip key={camera.id} camera={camera} incidents={incidents} />
            ))}
          </ul>
          <ul className="map-list">
            {box.incidents.slice(0, MOST_LINES).map((incident) => (
              <IncidentLine key={incident.id} incident={incident} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function CameraChip({ camera, incidents }: { camera: Camera; incidents: readonly Incident[] }) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const look = lookOf(camera);
  const own = incidents.filter((i) => isOpen(i) && i.camera === camera.id).sort(byUrgency);
  const body = (
    <>
      <span className={`mark mark-${look} mark-still`}>
        <i>{look === "bad" ? "×" : ""}</i>
      </span>
      {camera.name}
      {own[0] && (
        <>
          <LevelBadge level={own[0].level} /> {own.length}
        </>
      )}
    </>
  );
  return (
    <li title={t.map[look]}>
      {mayWatch(viewer.role) ? <Link to={`/cameras/${camera.id}`}>{body}</Link> : <span>{body}</span>}
    </li>
  );
}
