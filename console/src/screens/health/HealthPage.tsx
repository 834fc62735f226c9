/** Which stage of which camera fails, since when, and what to do about it. */
import { useQuery } from "@tanstack/react-query";
import { Empty, Switch, Table, type TableColumnsType } from "antd";
import { useRef, useState } from "react";
import { client, need } from "../../api/client";
import { useViewer } from "../../api/session";
import type { AnalysisHealth, Camera, StreamHealth } from "../../api/types";
import { PageSearch } from "../../components/PageSearch";
import { Loading, Trouble } from "../../components/Trouble";
import { useNow } from "../../components/useNow";
import { useReachable } from "../../components/useReachable";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import { OutboundPanel } from "./OutboundPanel";
import { isBad, StreamDot } from "./StreamDot";
import "../cameras/cameras.css";
import "./health.css";

const REFRESH_MS = 5_000;

const troubled = (camera: Camera): boolean =>
  isBad(camera.main) ||
  isBad(camera.sub) ||
  camera.analysis?.state === "failed" ||
  camera.analysis?.state === "reduced";

const codecName = (codec: string) => codec.replace(/^h(26\d)$/, "H.$1");

export function HealthPage() {
  const page = useRef<HTMLDivElement>(null);
  useReachable(page);
  const { t } = useSpeech();
  const { role } = useViewer();
  const [words, setWords] = useState("");
  const [onlyBad, setOnlyBad] = useState(false);
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => need(client.cameraHealth(signal)),
    refetchInterval: REFRESH_MS,
  });
  if (health.isPending) return <Loading />;
  if (health.isError)
    return <Trouble title={t.health.failed} error={health.error} onRetry={() => health.refetch()} />;

  const bad = health.data.filter(troubled);
  const wanted = words.trim().toLowerCase();
  const rows = health.data
    .filter(
      (c) => (!onlyBad || troubled(c)) && `${c.name} ${c.area_name} ${c.id}`.toLowerCase().includes(wanted),
    )
    .sort((a, b) => Number(troubled(b)) - Number(troubled(a)));
  const columns: TableColumnsType<Camera> = [
    {
      title: t.health.camera,
      width: 220,
      render: (_value, camera) => (
        <>
          <b>{camera.name}</b>
          <div className="muted">
            {camera.area_name} · <code>{camera.id}</code>
          </div>
        </>
      ),
    },
    { title: t.health.main, render: (_value, camera) => <StreamCell stream={camera.main} /> },
    { title: t.health.sub, render: (_value, camera) => <StreamCell stream={camera.sub} /> },
    { title: t.health.analysis, render: (_value, camera) => <AnalysisCell analysis={camera.analysis} /> },
  ];
  return (
    <div className="page" ref={page}>
      <div className="page-head">
        <h1>{t.health.title}</h1>
        {bad.length > 0 && (
          <span className="dot dot-bad">
            <i aria-hidden="true" />
            {t.health.problems(bad.length)}
          </span>
        )}
        <span className="dot dot-good">
          <i aria-hidden="true" />
          {t.health.fine(health.data.length - bad.length)}
        </span>
        <span className="grow" />
        <label className="nowrap">
          <Switch size="small" checked={onlyBad} onChange={setOnlyBad} /> {t.health.onlyProblems}
        </label>
        <PageSearch words={words} label={t.health.search} onChange={setWords} />
      </div>
      <OutboundPanel mayResendAll={role === "technician" || role === "administrator"} />
      <Table<Camera>
        className="card"
        rowKey="id"
        columns={columns}
        dataSource={rows}
        pagination={rows.length > 50 ? { pageSize: 50 } : false}
        scroll={{ x: 900 }}
        locale={{ emptyText: <Empty description={t.health.empty} /> }}
      />
    </div>
  );
}

function StreamCell({ stream }: { stream: StreamHealth | undefined }) {
  const { t } = useSpeech();
  const now = useNow();
  if (!stream) return <span className="muted">{t.health.none}</span>;
  const remedy = t.health.remedy[stream.message_code ?? ""] ?? stream.remedy;
  return (
    <div className="cell">
      <span>
        <StreamDot stream={stream} />{" "}
        <span className="muted">{t.health.since(age(t, now - stream.since_ms))}</span>
      </span>
      {stream.state === "streaming" ? (
        <>
          <span className="muted">
            {stream.params &&
              `${codecName(stream.params.codec)} ${stream.params.width}×${stream.params.height} · `}
            {t.health.fps(stream.fps.toFixed(stream.fps < 10 ? 1 : 0))} ·{" "}
            {t.health.rate((stream.bitrate / 1e6).toFixed(1))}
          </span>
          {isClockOff(stream.clock_offset_ms) && (
            <span className="muted">
              {t.health.clockOffset(age(t, Math.abs(stream.clock_offset_ms)), stream.clock_offset_ms > 0)}
            </span>
          )}
          {!!stream.damaged_pictures && (
            <span className="muted">
              {t.health.damaged(stream.lost_packets ?? 0, stream.damaged_pictures)}
            </span>
          )}
        </>
      ) : (
        <>
          {stream.last_frame_ms !== undefined && (
            <span className="muted">{t.health.lastFrame(age(t, now - stream.last_frame_ms))}</span>
          )}
          {isBad(stream) && stream.message && <span className="muted">{stream.message}</span>}
          {isBad(stream) && remedy && <span className="remedy">{remedy}</span>}
        </>
      )}
    </div>
  );
}

/** Less than two seconds is the delay of the stream, not a wrong clock. */
function isClockOff(offset: number | null | undefined): offset is number {
  return typeof offset === "number" && Math.abs(offset) >= 2000;
}

function AnalysisCell({ analysis }: { analysis: AnalysisHealth | undefined }) {
  const { t } = useSpeech();
  const now = useNow();
  if (!analysis) return <span className="muted">{t.health.none}</span>;
  const look = analysis.state === "running" ? "good" : analysis.state === "failed" ? "bad" : "idle";
  const remedy = t.health.remedy[analysis.message_code ?? ""] ?? analysis.remedy;
  return (
    <div className="cell">
      <span className={`dot dot-${look}`}>
        <i aria-hidden="true" />
        {t.analysis[analysis.state] ?? analysis.state}
      </span>
      <span className="muted">
        {analysis.fps > 0 && `${t.health.fps(analysis.fps.toFixed(1))} · `}
        {analysis.dropped > 0 && `${t.health.dropped(analysis.dropped)} · `}
        {analysis.model}
        {analysis.provider && ` (${analysis.provider})`}
      </span>
      {typeof analysis.blind_since_ms === "number" && (
        <span className="remedy">{t.health.blind(age(t, now - analysis.blind_since_ms))}</span>
      )}
      {analysis.rung && (
        <span className="muted" data-testid="rung">
          {t.rung[analysis.rung] ?? analysis.rung}
          {analysis.rung_reason && ` · ${t.rungReason[analysis.rung_reason] ?? analysis.rung_reason}`}
        </span>
      )}
      {analysis.decoder && (
        <span className="muted">
          {analysis.decoder.is_hardware ? t.health.hardware : t.health.software} {analysis.decoder.element}
        </span>
      )}
      {analysis.decoder?.passed_over?.map(({ element, reason }) => (
        <span key={element} className="muted">
          {t.health.passedOver(element, reason)}
        </span>
      ))}
      {analysis.state !== "running" && remedy && <span className="remedy">{remedy}</span>}
    </div>
  );
}
