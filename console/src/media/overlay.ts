/** Draws zones, lines and boxes over a picture. Knows nothing of where they come from. */
import type { Line, TraceBox, Zone } from "../api/types";

export interface OverlayLook {
  zones: readonly Zone[];
  /** The zone that the alarm is about, drawn stronger. */
  alarmZone?: string;
  lines: readonly Line[];
  /** The line that the alarm is about, drawn stronger. */
  alarmLine?: string;
  boxes: readonly TraceBox[];
  /** Tracks that the alarm is about, drawn stronger. */
  alarmTracks: ReadonlySet<number>;
  label: (box: TraceBox) => string;
}

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

const ALARM = "#ff4d4f";
const OTHER = "#5cdbff";
const ZONE = "#ffd24a";

/** Where the picture lies inside its element (`object-fit: contain`). */
export function pictureArea(box_w: number, box_h: number, video_w: number, video_h: number): Area {
  if (video_w <= 0 || video_h <= 0) return { x: 0, y: 0, width: box_w, height: box_h };
  const scale = Math.min(box_w / video_w, box_h / video_h);
  const width = video_w * scale;
  const height = video_h * scale;
  return { x: (box_w - width) / 2, y: (box_h - height) / 2, width, height };
}

/** Draws one instant; the canvas takes its size from its place on the page. */
export function drawOverlay(canvas: HTMLCanvasElement, video: HTMLVideoElement, look: OverlayLook): void {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const context = canvas.getContext("2d");
  if (!context || width === 0 || height === 0) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const area = pictureArea(width, height, video.videoWidth, video.videoHeight);
  for (const zone of look.zones) drawZone(context, area, zone, zone.id === look.alarmZone);
  for (const line of look.lines) drawLine(context, area, line, line.id === look.alarmLine);
  for (const box of look.boxes) {
    if (!look.alarmTracks.has(box.track)) drawBox(context, area, box, OTHER, 1.5, look.label(box));
  }
  for (const box of look.boxes) {
    if (look.alarmTracks.has(box.track)) drawBox(context, area, box, ALARM, 2.5, look.label(box));
  }
}

function drawZone(context: CanvasRenderingContext2D, area: Area, zone: Zone, strong: boolean): void {
  const [first, ...rest] = zone.polygon;
  if (!first) return;
  context.beginPath();
  context.moveTo(area.x + first.x * area.width, area.y + first.y * area.height);
  for (const point of rest) context.lineTo(area.x + point.x * area.width, area.y + point.y * area.height);
  context.closePath();
  context.fillStyle = strong ? "rgba(255, 210, 74, 0.10)" : "rgba(255, 210, 74, 0.04)";
  context.fill();
  context.setLineDash(strong ? [] : [6, 5]);
  context.lineWidth = strong ? 2 : 1.25;
  context.strokeStyle = ZONE;
  context.stroke();
  context.setLineDash([]);
  const top = zone.polygon.reduce((a, b) => (b.y < a.y ? b : a), first);
  drawTag(context, zone.name, area.x + top.x * area.width, area.y + top.y * area.height + 20, ZONE, area);
}

/** With an arrow at its middle that shows which way is forward: from the line's left to its right. */
function drawLine(context: CanvasRenderingContext2D, area: Area, line: Line, strong: boolean): void {
  const [from, to] = line.points.map((p) => ({
    x: area.x + p.x * area.width,
    y: area.y + p.y * area.height,
  }));
  if (!from || !to) return;
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const right = { x: -along.y, y: along.x };
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const tip = { x: middle.x + 18 * right.x, y: middle.y + 18 * right.y };
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.moveTo(middle.x, middle.y);
  context.lineTo(tip.x, tip.y);
  for (const side of [-1, 1]) {
    context.moveTo(tip.x, tip.y);
    context.lineTo(tip.x - 6 * right.x + 5 * side * along.x, tip.y - 6 * right.y + 5 * side * along.y);
  }
  context.lineWidth = strong ? 2.5 : 1.5;
  context.strokeStyle = ZONE;
  context.stroke();
  drawTag(context, line.name, from.x, from.y, ZONE, area);
}

function drawBox(
  context: CanvasRenderingContext2D,
  area: Area,
  box: TraceBox,
  colour: string,
  line: number,
  text: string,
): void {
  const x = area.x + box.rect.x0 * area.width;
  const y = area.y + box.rect.y0 * area.height;
  const w = (box.rect.x1 - box.rect.x0) * area.width;
  const h = (box.rect.y1 - box.rect.y0) * area.height;
  // A dark line under the coloured one keeps the box visible on snow and on asphalt.
  context.lineWidth = line + 2;
  context.strokeStyle = "rgba(0, 0, 0, 0.55)";
  context.strokeRect(x, y, w, h);
  context.lineWidth = line;
  context.strokeStyle = colour;
  context.strokeRect(x, y, w, h);
  drawTag(context, text, x, y - 2, colour, area);
}

function drawTag(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  bottom: number,
  colour: string,
  area: Area,
): void {
  context.font = '600 12px system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif';
  const width = context.measureText(text).width + 8;
  const left = Math.min(Math.max(x, area.x), area.x + area.width - width);
  const low = Math.max(bottom, area.y + 17);
  context.fillStyle = "rgba(0, 0, 0, 0.72)";
  context.fillRect(left, low - 16, width, 16);
  context.fillStyle = colour;
  context.fillText(text, left + 4, low - 4);
}
