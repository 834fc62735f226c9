/**
 * Playback, timeline, storage and holds on the wire. The shapes are generated like all others (`types.ts`); here are
 * their names, and the requests.
 */
import { type Answer, API, call, type Problem } from "./client";
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

/** These routes send `null` for what there is not, and leave nothing out. */
type Told<T> = T extends readonly (infer Item)[]
  ? Told<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Told<Exclude<T[Key], undefined>> }
    : T;

type Wire<Name extends keyof Schemas> = Told<Schemas[Name]>;

export type Stream = Schemas["LiveStream"];
export type Purpose = Schemas["FootagePurpose"];

/** Why somebody looks at older footage; goes into the audit row of every request. */
export interface Reason {
  purpose: Purpose;
  case: string;
}

export interface Stretch {
  from_ms: number;
  to_ms: number;
}

/** Missing footage; `to_ms` is null while it lasts. A timeline draws neighbours into one and says how many. */
export type RecordingGap = Omit<Wire<"TimelineGap">, "n" | "missing_ms"> &
  Partial<Pick<Wire<"TimelineGap">, "n" | "missing_ms">>;

export type AlarmLevel = "red" | "orange" | "yellow" | "blue";

type Levelled<T> = Omit<T, "level"> & { level: AlarmLevel };

export type TimelineAlarm = Levelled<Wire<"TimelineAlarm">>;
export type TimelineHold = Wire<"TimelineHold">;
export type TimelineRow = Omit<Wire<"TimelineRow">, "alarms" | "gaps"> & {
  alarms: TimelineAlarm[];
  gaps: RecordingGap[];
};
export type Timeline = Omit<Wire<"Timeline">, "rows"> & { rows: TimelineRow[] };
export type NextAlarm = Levelled<Wire<"NearAlarm">>;

/** From `offset_ms` in the file on, the pictures were taken from `wall_ms` on. */
export type RecordingSpan = Wire<"RecordingSpan">;
export type Recording = Omit<Wire<"Recording">, "gaps"> & { gaps: RecordingGap[] };

/** The body of 404 `nothing_recorded` and of 429 `transcode_quota`. */
export type RecordingProblem = Omit<Problem, "gaps"> & { gaps?: RecordingGap[] };

export type VolumeState = Schemas["DiskState"];
export type StorageCamera = Wire<"StreamStorage">;
export type Deletion = Wire<"Deletion">;
export type Storage = Wire<"Storage">;
export type Hold = Wire<"Hold">;
export type NewHold = Schemas["NewHold"];

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
  confirmClock: () => call<unknown>("POST", "/storage/clock"),
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

/**
 * An address from a description, with the reason that every request carries: the one given now, not the one that the
 * description was asked for with. Every field once; the gateway refuses a query that says one twice.
 */
export function withReason(url: string, reason: Reason | null, more: Query = {}): string {
  const [path = "", given = ""] = url.split("?", 2);
  const params = new URLSearchParams(given);
  for (const [name, value] of new URLSearchParams(query(more, reason))) params.set(name, value);
  return params.size === 0 ? path : `${path}?${params}`;
}
