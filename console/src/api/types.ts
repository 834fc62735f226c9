/**
 * The wire, in the names of the gateway's `api/dto.rs`. Times are Unix milliseconds (`_ms`), offsets within a
 * clip are seconds (`_s`), coordinates are 0..1 of the picture. No logic here.
 */

export type Role = "operator" | "police" | "technician" | "administrator" | "auditor";
export type Language = "zh" | "en";
export type IncidentClass = "crowding" | "intrusion";
export type CloseReason = "handled" | "false_alarm" | "duplicate" | "test" | "no_action";
export type ReopenReason = "recurred" | "mistake" | "new_evidence" | "discontent";
export type IncidentVerb = "claim" | "release" | "close" | "reopen";
export type IncidentScope = "open" | "closed" | "all";

export type IncidentState =
  | "new"
  | "claimed"
  | "assessed"
  | "dispatched"
  | "signed"
  | "handling"
  | "done"
  | "verified"
  | "closed"
  | "revisited"
  | "rejected"
  | "merged"
  | "shelved";

export interface ErrorBody {
  code: string;
  message: string;
  field?: string;
  retry_after_s?: number;
  current?: Incident;
}

export interface SetupState {
  needed: boolean;
}

export interface Site {
  name: string;
  timezone: string;
}

export interface Viewer {
  id: number;
  name: string;
  display_name: string;
  role: Role;
  areas: string[];
  language: Language;
  /** Absent on servers that do not tell: then the product's name and the browser's time zone are shown. */
  site?: Site;
}

export interface Area {
  id: string;
  name: string;
  parent?: string | null;
  kind: string;
}

export type StreamState =
  | "off"
  | "resolving"
  | "connecting"
  | "auth_failed"
  | "not_found"
  | "no_media"
  | "streaming"
  | "stalled"
  | "backing_off"
  | "quarantined"
  | "stopped";

export interface StreamHealth {
  state: StreamState;
  since_ms: number;
  message_code?: string;
  message?: string;
  remedy?: string;
  params?: { codec: string; width: number; height: number };
  fps: number;
  bitrate: number;
  last_frame_ms?: number;
}

export type AnalysisState = "off" | "waiting" | "running" | "reduced" | "failed";

export interface AnalysisHealth {
  state: AnalysisState;
  fps: number;
  dropped: number;
  model?: string;
  message_code?: string;
  remedy?: string;
}

export interface Point {
  x: number;
  y: number;
}

export interface Zone {
  id: string;
  name: string;
  polygon: Point[];
}

export interface Rule {
  id: string;
  class: IncidentClass;
  zone?: string;
  level: number;
  at_least?: number;
  classes?: string[];
  hold_ms: number;
}

export interface Camera {
  id: string;
  name: string;
  area: string;
  area_name: string;
  place: string;
  main?: StreamHealth;
  sub?: StreamHealth;
  analysis?: AnalysisHealth;
  zones: Zone[];
  rules: Rule[];
}

export interface Person {
  id: number;
  name: string;
}

/** Codes and numbers for the sentence that explains an alarm; the words are the console's. */
export interface Evidence {
  rule_class: IncidentClass;
  count: number;
  limit: number;
  peak: number;
  zone?: { id: string; name: string };
  class: string;
  held_ms: number;
  score: number;
  tracks: number[];
}

export interface Incident {
  id: number;
  number: string;
  state: IncidentState;
  level: number;
  class: IncidentClass;
  camera: string;
  camera_name: string;
  area: string;
  area_name: string;
  place: string;
  opened_ms: number;
  last_alarm_ms: number;
  alarms: number;
  owner?: Person;
  lease_until_ms?: number;
  version: number;
  ongoing: boolean;
  close_reason?: CloseReason;
  /** The alarms are over: a person may want to close it. */
  close_suggested: boolean;
  evidence: Evidence;
  thumbnail: boolean;
}

export interface IncidentList {
  as_of_seq: number;
  incidents: Incident[];
}

export interface Alarm {
  id: number;
  rule: string;
  class: IncidentClass;
  level: number;
  began_ms: number;
  raised_ms: number;
  ended_ms?: number;
  end_cause?: string;
  evidence: Evidence;
}

export interface HistoryRow {
  at_ms: number;
  actor?: Person;
  action: string;
  from?: IncidentState;
  to: IncidentState;
  level: number;
  version: number;
  alarm?: number;
  reason?: string;
  note?: string;
}

export interface IncidentDetail extends Incident {
  alarm_list: Alarm[];
  history: HistoryRow[];
}

export interface IncidentCommand {
  action: IncidentVerb;
  expected_version: number;
  idempotency_key: string;
  reason?: CloseReason;
  reopen_reason?: ReopenReason;
  note?: string;
}

export interface ClipSpan {
  offset_s: number;
  wall_ms: number;
}

export interface Gap {
  from_ms: number;
  to_ms: number;
  cause: string;
}

export interface Clip {
  url: string;
  mime: string;
  start_ms: number;
  end_ms: number;
  alarm_begin_offset_s: number;
  duration_s: number;
  spans: ClipSpan[];
  gaps: Gap[];
  pending: boolean;
}

export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export interface TraceBox {
  track: number;
  class: string;
  confidence: number;
  rect: Rect;
}

export interface TraceFrame {
  wall_ms: number;
  boxes: TraceBox[];
}

export type LiveEnd = "stream_ended" | "session_ended" | "shutdown";

/** Text messages of the live WebSocket; binary messages are the fMP4 init segment, then fragments. */
export type LiveMessage =
  | { type: "init"; mime: string; width: number; height: number }
  | { type: "lagged"; dropped: number }
  | { type: "interrupted" }
  | { type: "end"; reason: LiveEnd };

export interface EventPosition {
  as_of_seq: number;
}

export interface Account {
  id: number;
  name: string;
  display_name: string;
  role: Role;
  areas: string[];
  language: Language;
  disabled: boolean;
  created_ms: number;
  last_sign_in_ms?: number;
}

export interface NewAccount {
  name: string;
  display_name?: string;
  role: Role;
  areas: string[];
  language?: Language;
  password: string;
}

export interface AccountChange {
  disabled?: boolean;
  password?: string;
}

export interface AuditRow {
  seq: number;
  at_ms: number;
  account?: number;
  name: string;
  role?: Role;
  action: string;
  object: string;
  purpose: string;
  source: string;
  outcome: string;
  detail: string;
  hash: string;
}

export interface AuditList {
  rows: AuditRow[];
}

export interface AuditVerdict {
  intact: boolean;
  rows: number;
  first_bad?: number;
  head: string;
}
