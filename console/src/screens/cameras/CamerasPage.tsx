/** Live pictures: the cameras on the left, one of them large. */
import { SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Empty, Input } from "antd";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { client, need } from "../../api/client";
import type { Camera } from "../../api/types";
import { useKeys } from "../../components/keys";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { StreamDot } from "../health/StreamDot";
import { LiveView } from "./LiveView";
import "../incident/incident.css";
import "./cameras.css";

const REFRESH_MS = 10_000;

export function CamerasPage() {
  const { t } = useSpeech();
  const { id } = useParams();
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const cameras = useQuery({
    queryKey: ["cameras"],
    queryFn: ({ signal }) => need(client.cameras(signal)),
    refetchInterval: REFRESH_MS,
  });
  const wanted = words.trim().toLowerCase();
  const all = cameras.data ?? [];
  const shown = all.filter((c) => `${c.name} ${c.area_name} ${c.id}`.toLowerCase().includes(wanted));
  const chosen = all.find((c) => c.id === id);
  const move = (by: 1 | -1) => {
    const at = shown.findIndex((c) => c.id === id);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + by))];
    if (next) navigate(`/cameras/${next.id}`, { replace: true });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    arrowdown: () => move(1),
    arrowup: () => move(-1),
    escape: () => navigate(-1),
  });

  if (cameras.isPending) return <Loading />;
  if (cameras.isError)
    return <Trouble title={t.live.failed} error={cameras.error} onRetry={() => cameras.refetch()} />;
  return (
    <div className="cameras">
      <aside className="camera-list card">
        <Input
          allowClear
          prefix={<SearchOutlined />}
          value={words}
          placeholder={t.live.search}
          aria-label={t.live.search}
          onChange={(event) => setWords(event.target.value)}
        />
        <nav>
          {shown.map((camera) => (
            <CameraLink key={camera.id} camera={camera} chosen={camera.id === id} />
          ))}
          {all.length === 0 && <Empty description={t.live.empty} />}
        </nav>
      </aside>
      {chosen ? (
        <LiveView key={chosen.id} camera={chosen} />
      ) : (
        <section className="live card live-none">
          <p className="muted">{id === undefined ? t.live.pick : t.live.missing}</p>
        </section>
      )}
    </div>
  );
}

function CameraLink({ camera, chosen }: { camera: Camera; chosen: boolean }) {
  const { t } = useSpeech();
  const stream = camera.sub ?? camera.main;
  return (
    <Link
      to={`/cameras/${camera.id}`}
      replace
      className={chosen ? "camera camera-chosen" : "camera"}
      aria-current={chosen}
    >
      <span className="camera-name">{camera.name}</span>
      <span className="muted camera-where">
        {camera.area_name} · {t.place[camera.place] ?? camera.place}
      </span>
      {stream && <StreamDot stream={stream} />}
    </Link>
  );
}
