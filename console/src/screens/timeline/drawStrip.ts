/** Paints the strip: rows, gaps by cause with a pattern each, alarms by shape, holds, marks and the head. */
import type { TimelineRow } from "../../api/recordings";
import { SHAPE } from "../../components/LevelBadge";
import { type CauseFamily, clusterAlarms, familyOf, severityOf } from "../../timeline/bands";
import { type View, xOf } from "../../timeline/scale";
import type { Tick } from "../../timeline/ticks";

export const RULER_PX = 30;
export const ROW_PX = 24;
const BAR_TOP = 6;
const BAR_PX = 12;

const GAP_LOOK: Record<CauseFamily, { ground: string; ink: string; lines: "/" | "\\" | "x" | "." | "-" }> = {
  camera: { ground: "#3a2a12", ink: "#ffb84d", lines: "/" },
  service: { ground: "#2a1f3d", ink: "#b79cff", lines: "x" },
  disk: { ground: "#47151a", ink: "#ff8a8a", lines: "\\" },
  policy: { ground: "#e3e8ee", ink: "#8292a5", lines: "-" },
  stream: { ground: "#12333a", ink: "#6fd6e6", lines: "." },
};
const LEVEL_COLOUR: Record<number, string> = { 1: "#c9131e", 2: "#e8700a", 3: "#e0a800", 4: "#1257b5" };

const patterns = new Map<CauseFamily, CanvasPattern | string>();

function patternOf(ctx: CanvasRenderingContext2D, family: CauseFamily): CanvasPattern | string {
  const kept = patterns.get(family);
  if (kept) return kept;
  const { ground, ink, lines } = GAP_LOOK[family];
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const c = tile.getContext("2d");
  if (!c) return ground;
  c.fillStyle = ground;
  c.fillRect(0, 0, 8, 8);
  c.strokeStyle = ink;
  c.fillStyle = ink;
  c.lineWidth = 1.6;
  c.beginPath();
  if (lines === "/" || lines === "x") {
    for (const x of [-8, 0, 8]) {
      c.moveTo(x, 8);
      c.lineTo(x + 8, 0);
    }
  }
  if (lines === "\\" || lines === "x") {
    for (const x of [-8, 0, 8]) {
      c.moveTo(x, 0);
      c.lineTo(x + 8, 8);
    }
  }
  if (lines === "-") {
    c.moveTo(0, 4);
    c.lineTo(8, 4);
  }
  c.stroke();
  if (lines === ".") for (const at of [1, 5]) c.fillRect(at, at, 2, 2);
  const pattern = ctx.createPattern(tile, "repeat") ?? ground;
  patterns.set(family, pattern);
  return pattern;
}

/** A square of a family's pattern, for the legend. */
export function paintSwatch(canvas: HTMLCanvasElement, family: CauseFamily): void {
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  ctx.fillStyle = patternOf(ctx, family);
  ctx.fillRect(0, 0, canvas.width, canvas.height);
}

export interface StripPicture {
  view: View;
  width: number;
  height: number;
  rows: readonly TimelineRow[];
  first: number;
  last: number;
  scroll: number;
  ticks: readonly Tick[];
  label: (tick: Tick) => string;
  head_ms: number;
  now_ms: number;
  in_ms: number | null;
  out_ms: number | null;
  focused: string | null;
  hover_ms: number | null;
}

export function drawStrip(ctx: CanvasRenderingContext2D, picture: StripPicture): void {
  const { view, width, height, rows, first, last, scroll } = picture;
  const x = (at_ms: number) => xOf(view, width, at_ms);
  ctx.clearRect(0, 0, width, height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, RULER_PX, width, height - RULER_PX);
  ctx.clip();
  for (let i = first; i <= last; i++) {
    const row = rows[i];
    if (row) drawRow(ctx, row, RULER_PX + i * ROW_PX - scroll, picture, x);
  }
  ctx.restore();
  drawRuler(ctx, picture, x);
  drawMarks(ctx, picture, x);
  const now = x(picture.now_ms);
  if (now < width) {
    ctx.fillStyle = "rgba(75, 90, 107, 0.18)";
    ctx.fillRect(Math.max(0, now), RULER_PX, width - Math.max(0, now), height - RULER_PX);
  }
  if (picture.hover_ms !== null) line(ctx, x(picture.hover_ms), height, "rgba(22, 32, 44, 0.45)", 1);
  const head = x(picture.head_ms);
  if (head >= -6 && head <= width + 6) {
    line(ctx, head, height, "#16202c", 2);
    ctx.fillStyle = "#16202c";
    ctx.beginPath();
    ctx.moveTo(head - 7, RULER_PX - 9);
    ctx.lineTo(head + 7, RULER_PX - 9);
    ctx.lineTo(head, RULER_PX + 1);
    ctx.fill();
  }
}

function line(ctx: CanvasRenderingContext2D, x: number, height: number, colour: string, wide: number): void {
  ctx.fillStyle = colour;
  ctx.fillRect(Math.round(x) - wide / 2, RULER_PX - 6, wide, height - RULER_PX + 6);
}

type X = (at_ms: number) => number;

function drawRow(
  ctx: CanvasRenderingContext2D,
  row: TimelineRow,
  top: number,
  picture: StripPicture,
  x: X,
): void {
  const { width, view } = picture;
  if (row.camera === picture.focused) {
    ctx.fillStyle = "#e3efff";
    ctx.fillRect(0, top, width, ROW_PX);
  }
  const y = top + BAR_TOP;
  const bar = (from_ms: number, to_ms: number, least: number) => {
    const left = Math.max(0, x(from_ms));
    const right = Math.min(width, x(to_ms));
    if (right < 0 || left > width) return;
    ctx.fillRect(left, y, Math.max(least, right - left), BAR_PX);
  };
  ctx.fillStyle = "#dfe5ec";
  ctx.fillRect(0, y, width, BAR_PX);
  ctx.fillStyle = "#4f8fd0";
  for (const { from_ms, to_ms } of row.recorded) bar(from_ms, to_ms, 1);
  for (const gap of row.gaps) {
    ctx.fillStyle = patternOf(ctx, familyOf(gap.cause));
    bar(gap.from_ms, gap.to_ms ?? picture.now_ms, 2);
  }
  ctx.fillStyle = "#0f2742";
  for (const hold of row.holds) {
    const left = Math.max(-2, x(hold.from_ms));
    const right = Math.min(width + 2, x(hold.to_ms));
    ctx.fillRect(left, y + BAR_PX + 1, Math.max(3, right - left), 3);
    ctx.fillRect(left, y - 2, 2, BAR_PX + 6);
    ctx.fillRect(Math.max(left + 3, right) - 2, y - 2, 2, BAR_PX + 6);
  }
  const near_ms = (view.span_ms / Math.max(1, width)) * 12;
  for (const alarm of clusterAlarms(row.alarms, near_ms)) {
    const at = x(alarm.from_ms);
    if (at < -10 || at > width + 10) continue;
    const level = severityOf(alarm.level);
    ctx.save();
    ctx.translate(at - 6.5, top + 1);
    ctx.scale(0.65, 0.65);
    const shape = new Path2D(SHAPE[level] ?? "");
    ctx.lineWidth = 3;
    ctx.strokeStyle = "#ffffff";
    ctx.stroke(shape);
    ctx.fillStyle = LEVEL_COLOUR[level] ?? "#1257b5";
    ctx.fill(shape);
    ctx.restore();
  }
  ctx.fillStyle = "#d9e0e8";
  ctx.fillRect(0, top + ROW_PX - 1, width, 1);
}

function drawRuler(ctx: CanvasRenderingContext2D, { width, height, ticks, label }: StripPicture, x: X): void {
  ctx.fillStyle = "#f4f6f9";
  ctx.fillRect(0, 0, width, RULER_PX);
  ctx.font = '12px system-ui, "Noto Sans CJK SC", sans-serif';
  ctx.textBaseline = "middle";
  let free = -1;
  for (const tick of ticks) {
    const at = Math.round(x(tick.at_ms));
    const isDay = tick.rank === "day";
    ctx.fillStyle = isDay ? "#16202c" : tick.rank === "major" ? "#8292a5" : "#c4ced9";
    const top = isDay ? 4 : tick.rank === "major" ? 20 : 25;
    ctx.fillRect(at, top, isDay ? 2 : 1, RULER_PX - top);
    if (isDay) {
      ctx.fillStyle = "rgba(22, 32, 44, 0.25)";
      ctx.fillRect(at, RULER_PX, 1, height - RULER_PX);
    }
    if (tick.rank === "minor") continue;
    const words = label(tick);
    const wide = ctx.measureText(words).width;
    const left = at + 5;
    if (left < free || left + wide > width) continue;
    ctx.fillStyle = isDay ? "#16202c" : "#4b5a6b";
    ctx.fillText(words, left, 12);
    free = left + wide + 8;
  }
  ctx.fillStyle = "#c4ced9";
  ctx.fillRect(0, RULER_PX - 1, width, 1);
}

function drawMarks(ctx: CanvasRenderingContext2D, picture: StripPicture, x: X): void {
  const { in_ms, out_ms, height } = picture;
  if (in_ms !== null && out_ms !== null) {
    ctx.fillStyle = "rgba(18, 87, 181, 0.18)";
    ctx.fillRect(x(in_ms), RULER_PX, x(out_ms) - x(in_ms), height - RULER_PX);
  }
  ctx.font = '700 12px system-ui, "Noto Sans CJK SC", sans-serif';
  for (const [at_ms, letter] of [
    [in_ms, "I"],
    [out_ms, "O"],
  ] as const) {
    if (at_ms === null) continue;
    const at = x(at_ms);
    line(ctx, at, height, "#1257b5", 2);
    ctx.fillStyle = "#1257b5";
    ctx.fillRect(letter === "I" ? at : at - 14, RULER_PX - 16, 14, 15);
    ctx.fillStyle = "#fff";
    ctx.fillText(letter, letter === "I" ? at + 4 : at - 11, RULER_PX - 8);
  }
}
