/** Choose a kind and a time, see the figures, make a report of them, take it home. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, DatePicker, Empty, Input, Segmented, Select, TreeSelect } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { lazy, Suspense, useMemo, useState } from "react";
import { centreQuery } from "../../api/centre";
import { client, need, ProblemError } from "../../api/client";
import { ledgerAddress, reports, type StatisticsQuestion } from "../../api/reports";
import { mayAct, useViewer } from "../../api/session";
import type { Area, NewBulletin, Statistics } from "../../api/types";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { Bulletins } from "./Bulletins";
import { days, heat } from "./charts";
import { Figures, Times } from "./Figures";
import { Lists } from "./Lists";
import { dayAfter, daysOf, type PeriodKind, span } from "./period";
import { Tables, useNamed } from "./Tables";
import "./reports.css";

/** Charts are half of the page's weight: they come when the page is looked at. */
const Chart = lazy(() => import("./Chart"));

type Kind = PeriodKind | "special";
const KINDS: Kind[] = ["daily", "weekly", "monthly", "special"];

interface Choice {
  kind: Kind;
  /** A day of the period; of a special report the first. */
  day: string;
  /** Of a special report the last. */
  last: string;
  area?: string;
  class?: string;
  source?: string;
  unit?: string;
}

/** As the tree shows it. */
interface Node {
  value: string;
  title: string;
  children: Node[];
}

function tree(areas: Area[]): Node[] {
  const nodes = new Map<string, Node>(
    areas.map((area) => [area.id, { value: area.id, title: area.name, children: [] }]),
  );
  const roots: Node[] = [];
  for (const area of areas) {
    const node = nodes.get(area.id);
    if (!node) continue;
    const parent = area.parent ? nodes.get(area.parent) : undefined;
    (parent?.children ?? roots).push(node);
  }
  return roots;
}

export default function ReportsPage() {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const zone = viewer.site.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [choice, setChoice] = useState<Choice>(() => {
    const today = time.date(Date.now());
    return { kind: "daily", day: today, last: today };
  });
  const period = useMemo(() => {
    const [first, after] =
      choice.kind === "special" ? [choice.day, dayAfter(choice.last)] : daysOf(choice.kind, choice.day);
    return span(zone, first, after);
  }, [choice, zone]);
  const question = {
    ...period,
    area: choice.area,
    class: choice.class,
    source: choice.source,
    unit: choice.unit,
  };
  const statistics = useQuery({
    queryKey: ["statistics", question],
    queryFn: ({ signal }) => need(reports.statistics(question, signal)),
    placeholderData: (before) => before,
  });
  return (
    <div className="page reports">
      <div className="page-head">
        <h1>{t.reports.title}</h1>
        {statistics.data && (
          <span className="muted">{t.reports.asOf(time.stamp(statistics.data.as_of_ms))}</span>
        )}
      </div>
      <Chooser choice={choice} onChange={setChoice} statistics={statistics.data} />
      {mayAct(viewer.role) && <Maker choice={choice} period={period} />}
      {mayAct(viewer.role) && <LedgerExport question={question} />}
      {statistics.isPending && <Loading />}
      {statistics.isError && (
        <Trouble
          title={t.reports.failed}
          error={statistics.error}
          onRetry={() => void statistics.refetch()}
        />
      )}
      {statistics.data && <Shown statistics={statistics.data} />}
      <Bulletins />
    </div>
  );
}

function Chooser({
  choice,
  onChange,
  statistics,
}: {
  choice: Choice;
  onChange: (choice: Choice) => void;
  statistics: Statistics | undefined;
}) {
  const { t } = useSpeech();
  const named = useNamed();
  const areas = useQuery({ queryKey: ["areas"], queryFn: ({ signal }) => need(client.areas(signal)) });
  const centre = useQuery(centreQuery);
  const set = (change: Partial<Choice>) => onChange({ ...choice, ...change });
  const nodes = useMemo(() => tree(areas.data ?? []), [areas.data]);
  const options = (list: { id: string; name: string; name_en?: string }[]) =>
    list.map((one) => ({ value: one.id, label: named(one) }));
  const picker = choice.kind === "weekly" ? "week" : choice.kind === "monthly" ? "month" : "date";
  const week = (day: Dayjs) => {
    const [first, after] = daysOf("weekly", day.format("YYYY-MM-DD"));
    return `${first} – ${dayjs(after).subtract(1, "day").format("MM-DD")}`;
  };
  // Only ways in that are there: there is nothing to report of the others.
  const sources = statistics?.sources.map((row) => row.of) ?? [];
  return (
    <div className="card report-choice">
      <Segmented
        value={choice.kind}
        onChange={(kind) => set({ kind: kind as Kind })}
        options={KINDS.map((kind) => ({ value: kind, label: t.reports.kind[kind] }))}
        aria-label={t.reports.kindLabel}
      />
      <DatePicker
        key={picker}
        picker={picker}
        allowClear={false}
        value={dayjs(choice.day)}
        format={choice.kind === "monthly" ? "YYYY-MM" : choice.kind === "weekly" ? week : "YYYY-MM-DD"}
        onChange={(day) => day && set({ day: day.format("YYYY-MM-DD") })}
        aria-label={choice.kind === "special" ? t.reports.range : t.reports.day}
      />
      {choice.kind === "special" && (
        <DatePicker
          allowClear={false}
          value={dayjs(choice.last)}
          onChange={(day) => day && set({ last: day.format("YYYY-MM-DD") })}
          aria-label={t.reports.range}
        />
      )}
      <TreeSelect
        className="report-area"
        treeData={nodes}
        value={choice.area}
        onChange={(area?: string) => set({ area })}
        allowClear
        showSearch
        treeNodeFilterProp="title"
        placeholder={t.reports.allAreas}
        aria-label={t.reports.area}
      />
      <Select
        value={choice.class}
        onChange={(value?: string) => set({ class: value })}
        options={options(centre.data?.classes ?? [])}
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        placeholder={t.reports.allClasses}
        aria-label={t.reports.class}
      />
      <Select
        value={choice.source}
        onChange={(value?: string) => set({ source: value })}
        options={options(sources)}
        allowClear
        placeholder={t.reports.allSources}
        aria-label={t.reports.source}
      />
      <Select
        value={choice.unit}
        onChange={(value?: string) => set({ unit: value })}
        options={options(centre.data?.units ?? [])}
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        placeholder={t.reports.allUnits}
        aria-label={t.reports.unit}
      />
    </div>
  );
}

function Maker({ choice, period }: { choice: Choice; period: { from_ms: number; to_ms: number } }) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const made = useMutation({
    mutationFn: () => {
      const when = choice.kind === "special" ? period : { day: choice.day };
      const { area, class: klass, source, unit } = choice;
      const wanted: NewBulletin = { kind: choice.kind, title, area, class: klass, source, unit, ...when };
      return need(reports.make(wanted));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["bulletins"] }),
    onError: (error) =>
      void message.error(error instanceof ProblemError ? problemText(t, error.problem) : String(error)),
  });
  return (
    <div className="report-make">
      <Input
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        placeholder={t.reports.name}
        aria-label={t.reports.name}
        maxLength={80}
      />
      <Button type="primary" loading={made.isPending} onClick={() => made.mutate()}>
        {made.isPending ? t.reports.making : t.reports.make}
      </Button>
    </div>
  );
}

/** Every incident of the chosen time, a row each. */
function LedgerExport({ question }: { question: StatisticsQuestion }) {
  const { t, language } = useSpeech();
  return (
    <p className="report-ledger">
      {t.reports.ledger}{" "}
      {(["xlsx", "csv"] as const).map((format) => (
        <Button key={format} size="small" href={ledgerAddress(question, format, language)} download>
          {format.toUpperCase()}
        </Button>
      ))}
    </p>
  );
}

function Shown({ statistics }: { statistics: Statistics }) {
  const { t } = useSpeech();
  const named = useNamed();
  const [area, setArea] = useState<number | null>(null);
  const byDay = useMemo(() => days(t, statistics), [t, statistics]);
  // An area of the figures before may not be one of these.
  const chosen = area !== null && area < statistics.heat.areas.length ? area : null;
  const byHour = useMemo(() => heat(t, statistics, chosen, named), [t, statistics, chosen, named]);
  if (statistics.total.received === 0) {
    return (
      <>
        <Figures statistics={statistics} />
        <Empty className="card report-none" description={t.reports.empty} />
      </>
    );
  }
  return (
    <>
      <Figures statistics={statistics} />
      <Times statistics={statistics} />
      <div className="report-charts">
        <section className="card" aria-label={t.reports.daysTitle}>
          <h2>{t.reports.daysTitle}</h2>
          <Suspense fallback={<Loading />}>
            <Chart option={byDay} height={260} label={t.reports.daysTitle} />
          </Suspense>
        </section>
        <section className="card" aria-label={t.reports.heatTitle}>
          <div className="report-chart-head">
            <h2>{t.reports.heatTitle}</h2>
            <Select
              size="small"
              value={chosen}
              onChange={setArea}
              options={[
                { value: null, label: t.reports.allAreas },
                ...statistics.heat.areas.map((one, i) => ({ value: i, label: named(one) })),
              ]}
              aria-label={t.reports.heatArea}
            />
          </div>
          <Suspense fallback={<Loading />}>
            <Chart
              option={byHour}
              height={Math.max(180, 70 + statistics.heat.classes.length * 26)}
              label={t.reports.heatTitle}
            />
          </Suspense>
        </section>
      </div>
      <Lists statistics={statistics} />
      <Tables statistics={statistics} />
    </>
  );
}
