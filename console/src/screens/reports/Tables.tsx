/** The same figures by area, unit, class, source and level, and the accuracy of alarms. */
import { Table, type TableColumnsType } from "antd";
import { type ReactNode, useEffect, useRef } from "react";
import type { Statistics } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { percent } from "./Figures";

type Tally = Statistics["total"];
interface Share {
  n: number;
  of: number;
}
interface TallyLine {
  key: string;
  name: ReactNode;
  tally: Tally;
  /** How many came in the time before. */
  before?: number;
}

/** What a report of an older release did not count. */
export const NOTHING: Share = { n: 0, of: 0 };

export const rate = (share: Share) => (
  <span className="nowrap">
    {percent(share)}
    <small className="muted">
      {" "}
      {share.n}/{share.of}
    </small>
  </span>
);
const part = (share: Share) => (share.of === 0 ? -1 : share.n / share.of);

/** In the language of the page. */
export function useNamed() {
  const { language } = useSpeech();
  return (named: { name: string; name_en?: string }) =>
    language === "en" ? (named.name_en ?? named.name) : named.name;
}

function Tallies({ title, first, lines }: { title: string; first: string; lines: TallyLine[] }) {
  const { t } = useSpeech();
  const number = (name: string, of: (tally: Tally) => number) => ({
    title: name,
    align: "right" as const,
    sorter: (a: TallyLine, b: TallyLine) => of(a.tally) - of(b.tally),
    render: (_: unknown, line: TallyLine) => of(line.tally),
  });
  const share = (name: string, of: (tally: Tally) => Share) => ({
    title: name,
    align: "right" as const,
    sorter: (a: TallyLine, b: TallyLine) => part(of(a.tally)) - part(of(b.tally)),
    render: (_: unknown, line: TallyLine) => rate(of(line.tally)),
  });
  const columns: TableColumnsType<TallyLine> = [
    { title: first, dataIndex: "name", fixed: "left" },
    number(t.reports.received, (tally) => tally.received),
    number(t.reports.settled, (tally) => tally.settled),
    number(t.reports.open, (tally) => tally.open),
    number(t.reports.overdue, (tally) => tally.overdue),
    share(t.reports.acceptedInTime, (tally) => tally.accepted_in_time),
    share(t.reports.settledInTime, (tally) => tally.settled_in_time),
    number(t.reports.falseAlarms, (tally) => tally.false_alarms),
    number(t.reports.returns, (tally) => tally.returns),
    number(t.reports.reworks, (tally) => tally.reworks),
    number(t.reports.urges, (tally) => tally.urges + tally.supervisions),
    share(t.reports.satisfied, (tally) => tally.satisfied),
    number(t.reports.dissatisfied, (tally) => tally.dissatisfied),
  ];
  if (lines.some((line) => line.before !== undefined)) {
    columns.push({
      title: t.reports.before,
      align: "right",
      render: (_: unknown, line: TallyLine) => line.before ?? "—",
    });
  }
  return <Rows title={title} columns={columns} lines={lines} />;
}

export function Rows<Line extends { key: string }>(props: {
  title: string;
  columns: TableColumnsType<Line>;
  lines: Line[];
}) {
  const box = useRef<HTMLElement>(null);
  // Wider than a phone, a table is moved sideways with the keyboard too; the library gives its own box no tab stop.
  useEffect(() => {
    box.current?.querySelector(".ant-table-content")?.setAttribute("tabindex", "0");
  });
  return (
    <section className="card report-table" aria-label={props.title} ref={box}>
      <h2>{props.title}</h2>
      <Table
        size="small"
        columns={props.columns}
        dataSource={props.lines}
        pagination={props.lines.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
        scroll={{ x: "max-content" }}
      />
    </section>
  );
}

export function Tables({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  const named = useNamed();
  const areas = statistics.areas.map((row) => ({
    key: row.of.id,
    name: <span style={{ paddingInlineStart: row.depth * 16 }}>{named(row.of)}</span>,
    tally: row.tally,
  }));
  const classes = statistics.classes.map((row) => ({
    key: row.of.id,
    name: named(row.of),
    tally: row.tally,
    before: row.before,
  }));
  const sources = statistics.sources.map((row) => ({
    key: row.of.id,
    name: named(row.of),
    tally: row.tally,
    before: row.before,
  }));
  const levels = statistics.levels.map((row) => ({
    key: String(row.level),
    name: <LevelBadge level={row.level} />,
    tally: row.tally,
    before: row.before,
  }));
  return (
    <>
      <Tallies title={t.reports.areasTitle} first={t.reports.area} lines={areas} />
      <Units statistics={statistics} />
      <Tallies title={t.reports.classesTitle} first={t.reports.class} lines={classes} />
      <Tallies title={t.reports.sourcesTitle} first={t.reports.source} lines={sources} />
      <Tallies title={t.reports.levelsTitle} first={t.reports.level} lines={levels} />
      <Accuracy statistics={statistics} />
    </>
  );
}

function Units({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  const named = useNamed();
  type Line = Statistics["units"][number] & { key: string };
  const number = (title: string, of: (line: Line) => number) => ({
    title,
    align: "right" as const,
    sorter: (a: Line, b: Line) => of(a) - of(b),
    render: (_: unknown, line: Line) => of(line),
  });
  const share = (title: string, of: (line: Line) => Share) => ({
    title,
    align: "right" as const,
    sorter: (a: Line, b: Line) => part(of(a)) - part(of(b)),
    render: (_: unknown, line: Line) => rate(of(line)),
  });
  const columns: TableColumnsType<Line> = [
    { title: t.reports.unit, fixed: "left", render: (_, line) => named(line.of) },
    number(t.reports.told, (line) => line.tally.told),
    number(t.reports.finished, (line) => line.tally.finished),
    number(t.reports.inHand, (line) => line.tally.open),
    number(t.reports.openOverdue, (line) => line.tally.open_overdue),
    share(t.reports.signedInTime, (line) => line.tally.signed_in_time),
    share(t.reports.arrivedInTime, (line) => line.tally.arrived_in_time),
    share(t.reports.settledInTime, (line) => line.tally.finished_in_time),
    number(t.reports.returned, (line) => line.tally.returned),
    number(t.reports.reworks, (line) => line.tally.reworks),
    share(t.reports.satisfied, (line) => line.tally.satisfied ?? NOTHING),
  ];
  const lines = statistics.units.map((row) => ({ ...row, key: row.of.id }));
  return <Rows title={t.reports.unitsTitle} columns={columns} lines={lines} />;
}

function Accuracy({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  type Line = Statistics["accuracy"]["rows"][number] & { key: string };
  const columns: TableColumnsType<Line> = [
    { title: t.reports.camera, dataIndex: "camera_name", fixed: "left" },
    { title: t.reports.rule, dataIndex: "rule" },
    {
      title: t.reports.class,
      render: (_, line) => (t.incidentClass as Record<string, string | undefined>)[line.class] ?? line.class,
    },
    { title: t.reports.level, render: (_, line) => <LevelBadge level={line.level} /> },
    { title: t.reports.alarms, dataIndex: "alarms", align: "right", sorter: (a, b) => a.alarms - b.alarms },
    { title: t.reports.confirmed, dataIndex: "confirmed", align: "right" },
    { title: t.reports.falseAlarms, dataIndex: "false_alarms", align: "right" },
    { title: t.reports.undecided(0).replace(/\s*0\s*/, ""), dataIndex: "undecided", align: "right" },
    {
      title: t.reports.accuracy,
      align: "right",
      sorter: (a, b) => part(a.accuracy) - part(b.accuracy),
      render: (_, line) => rate(line.accuracy),
    },
  ];
  const lines = statistics.accuracy.rows.map((row) => ({
    ...row,
    key: `${row.camera}/${row.rule}/${row.class}/${row.level}`,
  }));
  return <Rows title={t.reports.accuracyTitle} columns={columns} lines={lines} />;
}
