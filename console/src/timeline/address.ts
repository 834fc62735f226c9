/** What the address says: which cameras, when, how wide, how fast. A link from anywhere opens at the right instant. */
import type { Stream } from "../api/recordings";
import { HOUR, LONGEST_MS, SHORTEST_MS } from "./scale";
import { SPEEDS } from "./steer";

export const MOST_PANES = 9;

export interface Address {
  cameras: string[];
  at_ms: number | null;
  span_ms: number;
  speed: number;
  stream: Stream;
}

const number = (text: string | null): number | null => {
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
};

export function readAddress(params: URLSearchParams): Address {
  const named = (params.get("cameras") ?? "").split(",").map((id) => id.trim());
  const span = number(params.get("span")) ?? HOUR;
  const speed = number(params.get("speed")) ?? 1;
  const at = number(params.get("at"));
  return {
    cameras: [...new Set(named.filter((id) => id !== ""))].slice(0, MOST_PANES),
    at_ms: at !== null && at > 0 ? at : null,
    span_ms: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, span)),
    speed: SPEEDS.includes(speed) ? speed : 1,
    stream: params.get("stream") === "sub" ? "sub" : "main",
  };
}

export function writeAddress(address: Address): URLSearchParams {
  const params = new URLSearchParams();
  if (address.cameras.length > 0) params.set("cameras", address.cameras.join(","));
  if (address.at_ms !== null) params.set("at", String(Math.round(address.at_ms)));
  params.set("span", String(Math.round(address.span_ms)));
  if (address.speed !== 1) params.set("speed", String(address.speed));
  if (address.stream !== "main") params.set("stream", address.stream);
  return params;
}

/** How much of an alarm's prelude one wants to see. */
const BEFORE_MS = 6_000;

/** The timeline of one camera around an instant. */
export function timelineLink(camera: string, at_ms: number): string {
  const params = writeAddress({
    cameras: [camera],
    at_ms: at_ms - BEFORE_MS,
    span_ms: HOUR,
    speed: 1,
    stream: "main",
  });
  return `/timeline?${params}`;
}
