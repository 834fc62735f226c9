/**
 * Playback, timeline, storage and holds on the wire. Written by hand after the gateway's contract until its OpenAPI
 * document has these routes; then these shapes come from `schema.gen.ts` like all others.
 */
import { type Answer, API, call, type Problem } from "./client";

export type Stream = "main" | "sub";
export type Purpose = "incident" | "inspection" | "fault" | "retrieval";

/** Why somebody looks at older footage; goes into the audit row of every request. */
export interface Reason {
  purpose: Purpose;
  case: string;
}

export interface Stretch {
  from_ms: number;
  to_ms: number;
}

/** Missing footage; `to_ms` is null while it lasts. */
export interface RecordingGap {
  from_ms: number;
  to_ms: number | null;
  cause: string;
  /** How many neighbours were drawn into one, and how much is really missing. */
  n?: number;
  missing_ms?: number;
}

export type AlarmLevel = "red" | "orange" | "yellow" | "blue";

export interface TimelineAlarm {
  incident: number;
  alarm: number;
  from_ms: number;
  to_ms: number | null;
  kind: string;
  level: AlarmLevel;
  n: number;
}

export interface TimelineHold extends Stretch {
  id: number;
  case_number: string;
}

export interface TimelineRow {
  camera: string;
  name: string;
  area: string;
  stream: Stream;
  /** Oldest and newest recorded instant; null if nothing was ever recorded. */
  first_ms: number | null;
  until_ms: number | null;
  recorded: Stretch[];
  gaps: RecordingGap[];
  alarms: TimelineAlarm[];
  holds: TimelineHold[];
}

export interface Timeline {
  from_ms: number;
  to_ms: number;
  bin_ms: number;
  now_ms: number;
  rows: TimelineRow[];
}

export interface NextAlarm {
  camera: string;
  incident: number;
  alarm: number;
  at_ms: number;
  kind: string;
  level: AlarmLevel;
}

/** From `offset_ms` in the file on, the pictures were taken from `wall_ms` on. */
export interface RecordingSpan {
  offset_ms: number;
  wall_ms: number;
}

export interface Recording {
  camera: string;
  stream: Stream;
  start_ms: number;
  end_ms: number;
  duration_ms: number;
  spans: RecordingSpan[];
  gaps: RecordingGap[];
  codec: "h264" | "h265";
  mime: string;
  width: number;
  height: number;
  fps: number;
  frame_ms: number;
  has_audio: boolean;
  size_bytes: number;
  mp4: string;
  h264: string;
}

/** The body of 404 `nothing_recorded` and of 429 `transcode_quota`. */
export interface RecordingProblem extends Problem {
  gaps?: RecordingGap[];
  limit?: number;
  in_use?: number;
}

export type VolumeState = "ok" | "full" | "read_only" | "missing" | "swapped" | "failed" | "slow";

export interface StorageCamera {
  camera: string;
  stream: Stream;
  oldest_ms: number | null;
  newest_ms: number | null;
  bytes: number;
  bytes_per_day: number;
  base_days: number;
  incident_days: number;
  floor_days: number;
  legal_basis: string;
  max_bytes: number | null;
  held_bytes: number;
  is_below_floor: boolean;
}

export interface Deletion {
  at_ms: number;
  camera: string;
  stream: Stream;
  from_ms: number;
  to_ms: number;
  bytes: number;
  reason: "expired" | "bytes" | "disk_full";
}

export interface Storage {
  volume: {
    dir: string;
    uuid: string;
    state: VolumeState;
    detail: string;
    total_bytes: number;
    free_bytes: number;
    recorded_bytes: number;
    inodes_free: number;
  };
  forecast: {
    bytes_per_day: number;
    full_in_days: number | null;
    keeps_days: number | null;
    is_enough: boolean;
    shortfall_bytes: number | null;
  };
  deletions: Deletion[];
  cameras: StorageCamera[];
}

export interface Hold {
  id: number;
  camera: string;
  stream: Stream;
  from_ms: number;
  to_ms: number;
  case_number: string;
  note: string;
  owner: string;
  created_ms: number;
  review_ms: number;
  released_ms: number | null;
  released_by: string | null;
  bytes: number;
}

export interface NewHold {
  camera: string;
  stream?: Stream;
  from_ms: number;
  to_ms: number;
  case_number: string;
  note?: string;
  review_ms: number;
}

type Query = Record<string, string | number | undefined>;

function query(fields: Query, reason?: Reason | null): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) params.set(name, String(value));
  if (reason) {
    params.set("purpose", reason.purpose);
    params.set("case", reason.case);
  }
  return params.toString();
}

/** Whole milliseconds: the clock of the screen runs in fractions. */
const whole = (ms: number) => Math.round(ms);

const ofCamera = (camera: string) => `/cameras/${encodeURIComponent(camera)}`;

export interface TimelineAsk extends Stretch {
  cameras?: readonly string[];
  bins: number;
  stream?: Stream;
}

export const recordings = {
  timeline: (ask: TimelineAsk, signal?: AbortSignal) =>
    call<Timeline>(
      "GET",
      `/timeline?${query({
        cameras: ask.cameras?.join(","),
        from_ms: whole(ask.from_ms),
        to_ms: whole(ask.to_ms),
        bins: ask.bins,
        stream: ask.stream,
      })}`,
      undefined,
      signal,
    ),
  nextAlarm: (
    cameras: readonly string[],
    at_ms: number,
    direction: "next" | "previous",
    signal?: AbortSignal,
  ) =>
    call<NextAlarm>(
      "GET",
      `/timeline/next-alarm?${query({ cameras: cameras.join(","), at_ms: whole(at_ms), direction })}`,
      undefined,
      signal,
    ),
  describe: (
    camera: string,
    stretch: Stretch,
    stream: Stream,
    reason: Reason | null,
    signal?: AbortSignal,
  ): Promise<Answer<Recording>> =>
    call<Recording>(
      "GET",
      `${ofCamera(camera)}/recording?${query(
        { from_ms: whole(stretch.from_ms), to_ms: whole(stretch.to_ms), stream },
        reason,
      )}`,
      undefined,
      signal,
    ),
  storage: (signal?: AbortSignal) => call<Storage>("GET", "/storage", undefined, signal),
  holds: (state: "open" | "all", signal?: AbortSignal) =>
    call<Hold[]>("GET", `/holds?state=${state}`, undefined, signal),
  hold: (hold: NewHold) => call<Hold>("POST", "/holds", hold),
  releaseHold: (id: number, reason: string) => call<Hold>("POST", `/holds/${id}/release`, { reason }),
};

export interface PictureAsk {
  camera: string;
  at_ms: number;
  stream: Stream;
  width: number;
}

export const pictureUrl = (ask: PictureAsk, reason: Reason | null) =>
  `${API}${ofCamera(ask.camera)}/picture.jpg?${query(
    { at_ms: whole(ask.at_ms), stream: ask.stream, width: ask.width },
    reason,
  )}`;

/** An address from a description, with the reason that every request carries. */
export function withReason(url: string, reason: Reason | null, more: Query = {}): string {
  const added = query(more, reason);
  if (added === "") return url;
  return `${url}${url.includes("?") ? "&" : "?"}${added}`;
}
