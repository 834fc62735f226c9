/** What a report names one by one: units that are late, red incidents, what was given back, faults of cameras. */
import type { TableColumnsType } from "antd";
import type { Statistics } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import { worstFirst } from "./order";
import { NOTHING, Rows, rate, useNamed } from "./Tables";

export function Lists({ statistics }: { statistics: Statistics }) {
  return (
    <>
      <Overdue statistics={statistics} />
      <Reds statistics={statistics} />
      <Returns statistics={statistics} />
      <Faults statistics={statistics} />
    </>
  );
}

function Overdue({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  const named = useNamed();
  type Line = Statistics["units"][number] & { key: string };
  const lines: Line[] = worstFirst(statistics.units).map((row) => ({ ...row, key: row.of.id }));
  if (lines.length === 0) return null;
  const columns: TableColumnsType<Line> = [
    { title: t.reports.unit, fixed: "left", render: (_, line) => named(line.of) },
    { title: t.reports.overdueOf, align: "right", render: (_, line) => rate(line.tally.overdue ?? NOTHING) },
    { title: t.reports.signedInTime, align: "right", render: (_, line) => rate(line.tally.signed_in_time) },
    { title: t.reports.arrivedInTime, align: "right", render: (_, line) => rate(line.tally.arrived_in_time) },
    {
      title: t.reports.settledInTime,
      align: "right",
      render: (_, line) => rate(line.tally.finished_in_time),
    },
    { title: t.reports.openOverdue, align: "right", render: (_, line) => line.tally.open_overdue },
  ];
  return <Rows title={t.reports.overdueTitle} columns={columns} lines={lines} />;
}

function Reds({ statistics }: { statistics: Statistics }) {
  const { t, time } = useSpeech();
  const named = useNamed();
  type Line = NonNullable<Statistics["reds"]>[number] & { key: string };
  const lines: Line[] = (statistics.reds ?? []).map((row) => ({ ...row, key: row.number }));
  if (lines.length === 0) return null;
  const all = statistics.levels.find((row) => row.level === 1)?.tally.received ?? lines.length;
  const since = (line: Line, at: number | undefined) =>
    at === undefined ? "—" : age(t, at - line.opened_ms);
  const columns: TableColumnsType<Line> = [
    { title: t.reports.number, fixed: "left", dataIndex: "number" },
    { title: t.reports.at, render: (_, line) => time.stamp(line.opened_ms) },
    { title: t.reports.class, render: (_, line) => named(line.class) },
    {
      title: t.reports.place,
      render: (_, line) => [named(line.area), line.place, line.title].filter(Boolean).join(" · "),
    },
    { title: t.reports.unit, render: (_, line) => line.units.map(named).join("、") },
    { title: t.reports.acceptedAfter, render: (_, line) => since(line, line.accepted_ms) },
    { title: t.reports.arrivedAfter, render: (_, line) => since(line, line.arrived_ms) },
    { title: t.reports.settledAfter, render: (_, line) => since(line, line.settled_ms) },
    {
      title: t.reports.outcome,
      render: (_, line) => {
        const words = t.state as Record<string, string | undefined>;
        const outcome = line.reason
          ? (t.reason[line.reason] ?? line.reason)
          : (words[line.state] ?? line.state);
        return line.is_overdue ? `${outcome} · ${t.reports.overdue}` : outcome;
      },
    },
  ];
  const title =
    all > lines.length
      ? `${t.reports.redsTitle} · ${t.reports.redsOf(lines.length, all)}`
      : t.reports.redsTitle;
  return <Rows title={title} columns={columns} lines={lines} />;
}

function Returns({ statistics }: { statistics: Statistics }) {
  const { t, time } = useSpeech();
  const named = useNamed();
  type Line = NonNullable<Statistics["returns"]>[number] & { key: string };
  const lines: Line[] = (statistics.returns ?? []).map((row) => ({
    ...row,
    key: `${row.number}/${row.unit.id}/${row.at_ms}`,
  }));
  if (lines.length === 0) return null;
  const columns: TableColumnsType<Line> = [
    { title: t.reports.number, fixed: "left", dataIndex: "number" },
    { title: t.reports.at, render: (_, line) => time.stamp(line.at_ms) },
    { title: t.reports.unit, render: (_, line) => named(line.unit) },
    { title: t.reports.reason, render: (_, line) => line.note ?? "—" },
  ];
  return <Rows title={t.reports.returnsTitle} columns={columns} lines={lines} />;
}

function Faults({ statistics }: { statistics: Statistics }) {
  const { t, time } = useSpeech();
  type Line = NonNullable<Statistics["faults"]>[number] & { key: string };
  const lines: Line[] = (statistics.faults ?? []).map((row) => ({
    ...row,
    key: `${row.camera.id}/${row.kind}/${row.first_ms}`,
  }));
  if (lines.length === 0) return null;
  const kinds = t.tickets.kind as Record<string, string | undefined>;
  const columns: TableColumnsType<Line> = [
    { title: t.reports.camera, fixed: "left", render: (_, line) => line.camera.name },
    { title: t.reports.fault, render: (_, line) => kinds[line.kind] ?? line.kind },
    { title: t.reports.began, render: (_, line) => time.stamp(line.first_ms) },
    {
      title: t.reports.over,
      render: (_, line) =>
        line.over_ms === undefined ? <b>{t.reports.lasting}</b> : time.stamp(line.over_ms),
    },
    { title: t.reports.timesBegun, align: "right", dataIndex: "times" },
  ];
  return <Rows title={t.reports.faultsTitle} columns={columns} lines={lines} />;
}
