/** What other cameras saw at the same time, and the live picture beside the clip. */
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { client, need } from "../../api/client";
import { pictureUrl } from "../../api/recordings";
import { mayWatch, useViewer } from "../../api/session";
import type { Camera, IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { nearTo, type Related, relatedTo } from "../../map/related";
import { PURPOSE_AFTER_MS } from "../../media/replay/PanePlayer";
import { writeAddress } from "../../timeline/address";
import { HOUR } from "../../timeline/scale";
import { useLivePlayer } from "../cameras/useLivePlayer";
import "./related.css";

/** How much of what led to it one wants to see. */
const BEFORE_MS = 6_000;
const STILL_WIDTH = 320;

export function playback(cameras: readonly string[], at_ms: number): string {
  const address = { cameras: [...cameras], at_ms: at_ms - BEFORE_MS, span_ms: HOUR, speed: 1 };
  return `/timeline?${writeAddress({ ...address, stream: "main" })}`;
}

const isPlaced = (incident: IncidentDetail): boolean =>
  incident.latitude !== undefined && incident.longitude !== undefined;

export function RelatedCameras({ incident }: { incident: IncidentDetail }) {
  const { t, time } = useSpeech();
  const w = t.related;
  const viewer = useViewer();
  const [live, setLive] = useState<string | null>(null);
  const watches = mayWatch(viewer.role);
  const cameras = useQuery({
    queryKey: ["cameras"],
    queryFn: ({ signal }) => need(client.cameras(signal)),
    staleTime: 60_000,
    enabled: watches && (incident.camera !== undefined || isPlaced(incident)),
  });
  if (!watches || !cameras.data) return null;
  if (incident.camera === undefined && !isPlaced(incident)) return null;
  const own = cameras.data.find((camera) => camera.id === incident.camera);
  // Of a report that names no camera those around the place that it names: as many as the viewer may look at.
  const related =
    incident.camera === undefined ? nearTo(incident, cameras.data) : relatedTo(incident.camera, cameras.data);
  const all = [
    ...(incident.camera === undefined ? [] : [incident.camera]),
    ...related.map((r) => r.camera.id),
  ];
  const at_ms = incident.opened_ms;
  // Older pictures are looked at for a reason, which the playback page asks for.
  const fresh = Date.now() - at_ms < PURPOSE_AFTER_MS;
  const shown = cameras.data.find((camera) => camera.id === live);
  return (
    <section className="related card" data-related={related.length}>
      <header>
        <h2>{incident.camera === undefined ? w.nearTitle : w.title}</h2>
        <span className="muted">
          {w.at(time.clock(at_ms))} · {w.hint}
        </span>
      </header>
      {own && (
        <Button size="small" onClick={() => setLive(live === own.id ? null : own.id)}>
          {live === own.id ? w.hide : `${w.live} · ${own.name}`}
        </Button>
      )}
      {shown && <SmallLive key={shown.id} camera={shown} />}
      {related.length === 0 && <p className="muted">{w.none}</p>}
      {!fresh && related.length > 0 && <p className="muted">{w.purpose}</p>}
      <ul>
        {related.map((one) => (
          <li key={one.camera.id} data-camera={one.camera.id}>
            {fresh && <Still camera={one.camera.id} at_ms={at_ms} />}
            <span className="related-name">
              <b>{one.camera.name}</b>
              <Where related={one} />
            </span>
            <span className="related-acts">
              <Link to={playback([one.camera.id], at_ms)}>{w.play}</Link>
              <button type="button" onClick={() => setLive(live === one.camera.id ? null : one.camera.id)}>
                {live === one.camera.id ? w.hide : w.live}
              </button>
            </span>
          </li>
        ))}
      </ul>
      {related.length > 0 && <Link to={playback(all, at_ms)}>{w.all}</Link>}
    </section>
  );
}

function Where({ related }: { related: Related }) {
  const { t } = useSpeech();
  const where =
    related.meters === undefined
      ? related.camera.area_name
      : `${related.camera.area_name} · ${t.related.away(related.meters)}`;
  return <span className="muted">{where}</span>;
}

function Still({ camera, at_ms }: { camera: string; at_ms: number }) {
  const { t } = useSpeech();
  const [missing, setMissing] = useState(false);
  if (missing) return <span className="related-still related-none muted">{t.related.noPicture}</span>;
  const url = pictureUrl({ camera, at_ms, stream: "main", width: STILL_WIDTH }, null);
  return <img className="related-still" src={url} alt="" loading="lazy" onError={() => setMissing(true)} />;
}

function SmallLive({ camera }: { camera: Camera }) {
  const { t } = useSpeech();
  const video = useRef<HTMLVideoElement>(null);
  const { state } = useLivePlayer(video, camera.id, camera.sub ? "sub" : "main");
  useEffect(() => video.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div className="picture related-live">
      <video ref={video} muted playsInline data-testid="live-beside" data-live={state.kind} />
      {state.kind !== "playing" && (
        <div className="veil" role="status">
          {state.kind === "ended" ? (t.live.end[state.reason] ?? state.reason) : t.live.connecting}
        </div>
      )}
      <div className="related-label">{camera.name}</div>
    </div>
  );
}
