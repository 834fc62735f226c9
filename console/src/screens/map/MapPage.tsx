/** Cameras and open incidents where they are: on the site's plan, on its own map, or by area. */
import { useQuery } from "@tanstack/react-query";
import { Alert, Segmented, Switch } from "antd";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { client, need } from "../../api/client";
import type { MapGround } from "../../api/types";
import { watch } from "../../api/watch";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { useIncidents } from "../../live/LiveProvider";
import { type Ground, type Mark, marksOf } from "../../map/marks";
import { AreaGrid } from "./AreaGrid";
import { MapCanvas } from "./MapCanvas";
import { Lost, MarkPanel } from "./MarkPanel";
import "./map.css";

const REFRESH_MS = 10_000;

const groundsOf = (map: MapGround): Ground[] => [
  ...(map.plan ? (["plan"] as const) : []),
  ...(map.tiles ? (["tiles"] as const) : []),
  "grid",
];

export function MapPage() {
  const { t } = useSpeech();
  const incidents = useIncidents();
  const [params, setParams] = useSearchParams();
  const [only, setOnly] = useState(false);
  const [picked, setPicked] = useState<string | null>(null);
  const map = useQuery({
    queryKey: ["map"],
    queryFn: ({ signal }) => need(watch.map(signal)),
    staleTime: 600_000,
  });
  const cameras = useQuery({
    queryKey: ["cameras"],
    queryFn: ({ signal }) => need(client.cameras(signal)),
    refetchInterval: REFRESH_MS,
  });
  if (map.isPending || cameras.isPending) return <Loading />;
  if (!map.data || !cameras.data) {
    return (
      <Trouble
        title={t.map.failed}
        error={map.error ?? cameras.error}
        onRetry={() => {
          void map.refetch();
          void cameras.refetch();
        }}
      />
    );
  }
  const grounds = groundsOf(map.data);
  const ground = grounds.find((one) => one === params.get("ground")) ?? grounds[0] ?? "grid";
  const marked = marksOf(cameras.data, incidents, ground);
  const marks = only ? marked.marks.filter((mark) => mark.incidents.length > 0) : marked.marks;
  const label = (mark: Mark) => {
    const name = mark.camera?.name ?? mark.incidents[0]?.title ?? "";
    const level = mark.incidents[0] ? (t.level[mark.incidents[0].level] ?? "") : "";
    return `${name} ${mark.camera ? t.map[mark.look] : t.map.report} ${level} ${
      mark.incidents.length > 0 ? t.map.incidents(mark.incidents.length) : ""
    }`.trim();
  };
  return (
    <div className="map-page">
      <div className="map-tools">
        <h1>{t.map.title}</h1>
        {grounds.length > 1 && (
          <Segmented
            value={ground}
            onChange={(chosen) => {
              setPicked(null);
              setParams({ ground: chosen }, { replace: true });
            }}
            options={grounds.map((one) => ({ value: one, label: t.map[one] }))}
          />
        )}
        {ground !== "grid" && (
          <label className="nowrap">
            <Switch size="small" checked={only} onChange={setOnly} /> {t.map.only}
          </label>
        )}
        <Legend />
      </div>
      {map.data.is_incomplete && <Alert type="warning" showIcon title={t.map.incomplete} />}
      {ground === "grid" ? (
        <AreaGrid cameras={cameras.data} incidents={incidents} />
      ) : (
        <div className="map-body">
          <MapCanvas
            key={ground}
            kind={ground}
            ground={map.data}
            marks={marks}
            picked={picked}
            label={label}
            onPick={setPicked}
          />
          <aside className="map-side card">
            <MarkPanel mark={marks.find((mark) => mark.key === picked)} marks={marks} onPick={setPicked} />
            <Lost marked={marked} />
          </aside>
        </div>
      )}
    </div>
  );
}

function Legend() {
  const { t } = useSpeech();
  return (
    <ul className="map-legend" aria-label={t.map.legend}>
      {(["good", "bad", "idle"] as const).map((look) => (
        <li key={look}>
          <span className={`mark mark-${look} mark-still`}>
            <i>{look === "bad" ? "×" : ""}</i>
          </span>
          {t.map[look]}
        </li>
      ))}
    </ul>
  );
}
