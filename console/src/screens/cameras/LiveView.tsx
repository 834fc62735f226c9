import { Segmented, Switch } from "antd";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Camera } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import type { Words } from "../../i18n/zh";
import type { LiveState } from "../../media/LivePlayer";
import { drawOverlay } from "../../media/overlay";
import { timelineLink } from "../../timeline/address";
import { isBad } from "../health/StreamDot";
import { useLivePlayer } from "./useLivePlayer";

/** "What was that just now?": playback opens so long before the present. */
const PLAYBACK_MS = 60_000;

function veilWords(t: Words, state: LiveState): string | null {
  switch (state.kind) {
    case "connecting":
      return t.live.connecting;
    case "reconnecting":
      return t.live.reconnecting;
    case "waiting":
      return t.live.waiting;
    case "no_mse":
      return t.live.noMse;
    case "unsupported":
      return t.live.unsupported(state.mime);
    case "ended":
      return t.live.end[state.reason] ?? state.reason;
    case "playing":
      return null;
  }
}

/** Zones over the live picture; drawn again only when the picture's place or size changes. */
function Zones({
  camera,
  video,
  shown,
  width,
}: {
  camera: Camera;
  video: HTMLVideoElement | null;
  shown: boolean;
  width: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element || !video) return;
    const draw = () =>
      drawOverlay(element, video, {
        zones: shown && width > 0 ? (camera.zones ?? []) : [],
        lines: shown && width > 0 ? (camera.lines ?? []) : [],
        boxes: [],
        alarmTracks: new Set(),
        label: () => "",
      });
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    video.addEventListener("resize", draw);
    draw();
    return () => {
      observer.disconnect();
      video.removeEventListener("resize", draw);
    };
  }, [camera, video, shown, width]);
  return <canvas ref={canvas} />;
}

export function LiveView({ camera }: { camera: Camera }) {
  const { t } = useSpeech();
  const video = useRef<HTMLVideoElement>(null);
  const [element, setElement] = useState<HTMLVideoElement | null>(null);
  const [stream, setStream] = useState<"main" | "sub">(camera.sub ? "sub" : "main");
  const [zones, setZones] = useState(true);
  const { state, lagged } = useLivePlayer(video, camera.id, stream);
  useEffect(() => setElement(video.current), []);

  // While nothing comes, what ails the camera says more than that we are waiting for it.
  const health = stream === "main" ? camera.main : camera.sub;
  const waiting = state.kind === "connecting" || state.kind === "waiting";
  const veil =
    waiting && health && isBad(health)
      ? t.live.ailing(t.stream[health.state] ?? health.state)
      : veilWords(t, state);
  const width = state.kind === "playing" ? state.width : 0;
  return (
    <section className="live card">
      <div className="live-head">
        <h1>{camera.name}</h1>
        <span className="muted">
          {camera.area_name} · {t.place[camera.place] ?? camera.place}
        </span>
        <span className="live-tools">
          <Link to={timelineLink(camera.id, Date.now() - PLAYBACK_MS)} className="nowrap">
            {t.timeline.playback}
          </Link>
          {state.kind === "playing" && (
            <span className={state.behind_s > 2 ? "live-tag live-late" : "live-tag"}>
              {state.behind_s > 2 ? t.live.behind(state.behind_s.toFixed(1)) : t.live.live}
            </span>
          )}
          {(camera.zones ?? []).length + (camera.lines ?? []).length > 0 && (
            <label className="controls-boxes">
              <Switch size="small" checked={zones} onChange={setZones} /> {t.live.zones}
            </label>
          )}
          {camera.sub && camera.main && (
            <Segmented
              size="small"
              value={stream}
              onChange={setStream}
              options={[
                { value: "sub", label: t.live.sub },
                { value: "main", label: t.live.main },
              ]}
            />
          )}
        </span>
      </div>
      <div className="picture live-picture">
        <video ref={video} muted playsInline data-testid="live" data-live={state.kind} />
        <Zones camera={camera} video={element} shown={zones} width={width} />
        {veil !== null && (
          <div className="veil" role="status">
            {veil}
          </div>
        )}
        {lagged > 0 && <div className="picture-note">{t.live.lagged(lagged)}</div>}
      </div>
    </section>
  );
}
