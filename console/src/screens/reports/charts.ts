/** What the charts show, as ECharts wants it told. Nothing is counted here. */
import type { EChartsCoreOption } from "echarts/core";
import type { Statistics } from "../../api/types";
import type { Words } from "../../i18n/zh";

const RECEIVED = "#1257b5";
const SETTLED = "#4c9a6a";
const OVERDUE = "#c2571a";

const grid = { left: 8, right: 16, top: 34, bottom: 4, outerBoundsMode: "same" as const };

export function days(t: Words, statistics: Statistics): EChartsCoreOption {
  const rows = statistics.days;
  const bar = (name: string, color: string, value: (row: (typeof rows)[number]) => number) => ({
    name,
    type: "bar",
    itemStyle: { color },
    data: rows.map(value),
  });
  return {
    grid,
    legend: { top: 0 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "category", data: rows.map((row) => row.day.slice(5)) },
    yAxis: { type: "value", minInterval: 1 },
    series: [
      bar(t.reports.received, RECEIVED, (row) => row.received),
      bar(t.reports.settled, SETTLED, (row) => row.settled),
      bar(t.reports.overdue, OVERDUE, (row) => row.overdue),
    ],
  };
}

/** Class by hour; `area` is an index into the heat's areas, `null` all that is reported on. */
export function heat(
  t: Words,
  statistics: Statistics,
  area: number | null,
  name: (named: { name: string; name_en?: string }) => string,
): EChartsCoreOption {
  const shown = area === null ? statistics.heat.tops : [area];
  const sums = new Map<string, number>();
  for (const cell of statistics.heat.cells) {
    if (!shown.includes(cell.area)) continue;
    const at = `${cell.hour},${cell.class}`;
    sums.set(at, (sums.get(at) ?? 0) + cell.n);
  }
  const data = [...sums].map(([at, n]) => [...at.split(",").map(Number), n]);
  const most = Math.max(1, ...data.map((cell) => cell[2] ?? 0));
  return {
    grid: { ...grid, top: 8, bottom: 44 },
    tooltip: {},
    xAxis: {
      type: "category",
      data: Array.from({ length: 24 }, (_, hour) => t.reports.hour(hour)),
      splitArea: { show: true },
    },
    yAxis: { type: "category", data: statistics.heat.classes.map(name), splitArea: { show: true } },
    visualMap: {
      min: 0,
      max: most,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      itemHeight: 90,
      calculable: false,
      inRange: { color: ["#eef3fb", "#8fb4e6", "#1257b5", "#0a2f66"] },
    },
    // The number stands in its cell: nothing is told by colour alone.
    series: [{ type: "heatmap", data, label: { show: true, fontSize: 10 } }],
  };
}
