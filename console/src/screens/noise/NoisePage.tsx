/** Which rules of which cameras raise too much: the figures, and what can be done about it. */
import { useQuery } from "@tanstack/react-query";
import { Empty, Table, type TableColumnsType } from "antd";
import { useRef, useState } from "react";
import { Link } from "react-router";
import { isNoisy, noiseQuery } from "../../api/noise";
import { seesQueue, useViewer } from "../../api/session";
import type { NoiseSource } from "../../api/types";
import { PageSearch } from "../../components/PageSearch";
import { Loading, Trouble } from "../../components/Trouble";
import { useReachable } from "../../components/useReachable";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import "./noise.css";

const decided = (row: NoiseSource) => row.confirmed + row.false_alarms;
const falseShare = (row: NoiseSource) => (decided(row) === 0 ? -1 : row.false_alarms / decided(row));

export function NoisePage() {
  const page = useRef<HTMLDivElement>(null);
  useReachable(page);
  const { t, time } = useSpeech();
  const words = t.noise;
  const viewer = useViewer();
  const [search, setSearch] = useState("");
  const noise = useQuery(noiseQuery);
  if (noise.isPending) return <Loading />;
  if (noise.isError)
    return <Trouble title={words.failed} error={noise.error} onRetry={() => void noise.refetch()} />;
  const { budget, sources, over, incidents_last_hour } = noise.data;
  const wanted = search.trim().toLowerCase();
  const named = (row: NoiseSource) =>
    `${row.camera_name} ${row.camera} ${row.rule} ${t.incidentClass[row.class] ?? row.class}`.toLowerCase();

  const columns: TableColumnsType<NoiseSource> = [
    {
      title: words.source,
      render: (_value, row) => (
        <span className="noise-source">
          <b>{row.camera_name}</b>
          <span>
            {t.incidentClass[row.class] ?? row.class} <code className="muted">{row.rule}</code>
          </span>
          <span className="muted">{row.area_name}</span>
        </span>
      ),
    },
    {
      title: `${words.lastHour} (${words.budget(budget.source_per_hour)})`,
      sorter: (a, b) => a.last_hour - b.last_hour,
      render: (_value, row) => (row.excess.includes("rate") ? <b>{row.last_hour}</b> : row.last_hour),
    },
    { title: words.alarms, dataIndex: "alarms", sorter: (a, b) => a.alarms - b.alarms },
    { title: words.incidents, dataIndex: "incidents", sorter: (a, b) => a.incidents - b.incidents },
    { title: words.repeats, dataIndex: "repeats", sorter: (a, b) => a.repeats - b.repeats },
    {
      title: `${words.falseShare} (${words.budget(budget.false_percent)} %)`,
      sorter: (a, b) => falseShare(a) - falseShare(b),
      render: (_value, row) =>
        decided(row) === 0
          ? "—"
          : `${Math.round(100 * falseShare(row))} % (${words.decided(row.false_alarms, decided(row))})`,
    },
    {
      title: words.shelved,
      sorter: (a, b) => a.shelved_ms - b.shelved_ms,
      render: (_value, row) => (row.shelved_ms === 0 ? "—" : age(t, row.shelved_ms)),
    },
    {
      title: words.over,
      render: (_value, row) =>
        isNoisy(row) && (
          <span className="noise-over">
            {row.excess.map((one) => words.excess[one] ?? one).join(" · ")}
            {row.ticket !== undefined && (
              <span className="muted">
                {words.ticket} #{row.ticket}
              </span>
            )}
          </span>
        ),
    },
    {
      title: words.what,
      render: (_value, row) => (
        <span className="noise-acts">
          {row.tunable && (
            <Link to={`/rules/${row.camera}?${new URLSearchParams({ try: row.rule })}`}>{words.tune}</Link>
          )}
          {seesQueue(viewer.role) && (
            <Link to={`/queue?${new URLSearchParams({ q: row.camera_name, class: row.class })}`}>
              {words.incidentsOf}
            </Link>
          )}
        </span>
      ),
    },
  ];
  return (
    <div className="page" ref={page}>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className={over ? "noise-centre noise-centre-over" : "noise-centre"}>
          {words.centre(incidents_last_hour, budget.centre_per_hour)}
        </span>
        <span className="grow" />
        <PageSearch words={search} label={words.search} onChange={setSearch} />
      </div>
      <p className="muted">
        {words.hint} {words.counted(time.stamp(noise.data.from_ms), time.stamp(noise.data.at_ms))}
      </p>
      <Table<NoiseSource>
        className="card"
        rowKey={(row) => `${row.camera} ${row.rule} ${row.class}`}
        rowClassName={(row) => (isNoisy(row) ? "noise-row" : "")}
        size="small"
        columns={columns}
        dataSource={sources.filter((row) => named(row).includes(wanted))}
        pagination={{ defaultPageSize: 50, hideOnSinglePage: true }}
        scroll={{ x: 1_080 }}
        locale={{ emptyText: <Empty description={words.empty} /> }}
      />
    </div>
  );
}
