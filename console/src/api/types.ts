/**
 * Short names for the wire. The types are generated: `sharpeyes openapi > console/openapi.json`, then `npm run types`.
 * Nothing is declared by hand here, so that a field renamed in the gateway breaks the build and not the screen.
 */
import type { components } from "./schema.gen";

export type Schemas = components["schemas"];

/** The document calls an optional field nullable as well; the gateway leaves it out and never sends `null`. */
type Sent<T> = T extends readonly (infer Item)[]
  ? Sent<Item>[]
  : T extends object
    ? { [Key in keyof T]: Sent<Exclude<T[Key], null>> }
    : T;

export type Wire<Name extends keyof Schemas> = Sent<Schemas[Name]>;

export type Role = Schemas["Role"];
export type Language = Schemas["Language"];
export type IncidentClass = Schemas["IncidentClass"];
export type IncidentScope = Schemas["IncidentScope"];
export type IncidentState = Schemas["IncidentState"];
export type IncidentVerb = Schemas["IncidentVerb"];
export type CloseReason = Schemas["CloseReason"];
export type ReopenReason = Schemas["ReopenReason"];
export type TicketScope = Schemas["TicketScope"];
export type StreamState = Schemas["StreamState"];
export type AnalysisState = Schemas["AnalysisState"];
export type LiveEnd = Schemas["LiveEnd"];
/** Text messages of the live WebSocket; binary messages are the fMP4 init segment, then fragments. */
export type LiveMessage = Schemas["LiveMessage"];

export type ErrorBody = Wire<"ErrorBody">;
export type SetupState = Wire<"SetupState">;
export type Viewer = Wire<"Viewer">;
export type Area = Wire<"Area">;
export type Camera = Wire<"Camera">;
export type StreamHealth = Wire<"StreamHealth">;
export type AnalysisHealth = Wire<"AnalysisHealth">;
export type Point = Wire<"Point">;
export type Line = Wire<"Line">;
export type Zone = Wire<"Zone">;
export type Rule = Wire<"Rule">;
export type Person = Wire<"Person">;
/** Codes and numbers for the sentence that explains an alarm; the words are the console's. */
export type Evidence = Wire<"Evidence">;
export type Incident = Wire<"Incident">;
export type IncidentList = Wire<"IncidentList">;
export type Escalated = Wire<"Escalated">;
export type IncidentDetail = Wire<"IncidentDetail">;
export type IncidentCommand = Wire<"IncidentCommand">;
export type Assignment = Wire<"Assignment">;
export type ClockRow = Wire<"ClockRow">;
export type Alarm = Wire<"Alarm">;
export type HistoryRow = Wire<"HistoryRow">;
export type Clip = Wire<"Clip">;
export type ClipSpan = Wire<"ClipSpan">;
export type Gap = Wire<"Gap">;
export type Rect = Wire<"Rect">;
export type TraceBox = Wire<"TraceBox">;
export type TraceFrame = Wire<"TraceFrame">;
export type OutboundTarget = Wire<"OutboundTarget">;
export type OutboundResent = Wire<"OutboundResent">;
export type Ticket = Wire<"Ticket">;
export type TicketList = Wire<"TicketList">;
export type BlindCameras = Wire<"BlindCameras">;
export type BlindCamera = Wire<"BlindCamera">;
export type ConsoleWord = Wire<"ConsoleWord">;
export type ConsoleBeat = Wire<"ConsoleBeat">;
export type DeafConsole = Wire<"DeafConsole">;
export type NextStep = Wire<"NextStep">;
export type Centre = Wire<"Centre">;
export type Statistics = Wire<"Statistics">;
export type BulletinRow = Wire<"BulletinRow">;
export type BulletinFormat = Schemas["BulletinFormat"];
export type LedgerFormat = Schemas["LedgerFormat"];
export type NewBulletin = Schemas["NewBulletin"];
export type CameraRules = Wire<"CameraRules">;
export type WrittenRule = Wire<"WrittenRule">;
export type RuleVerdicts = Wire<"RuleVerdicts">;
export type RuleProblem = Wire<"RuleProblem">;
export type NewTrial = Wire<"NewTrial">;
export type Trial = Wire<"Trial">;
export type TrialDetail = Wire<"TrialDetail">;
export type TrialResult = Wire<"TrialResult">;
export type TrialAlarm = Wire<"TrialAlarm">;
export type TrialLiveAlarm = Wire<"TrialLiveAlarm">;
export type ComparedAlarm = Wire<"ComparedAlarm">;
export type ShadowModel = Wire<"ShadowModel">;
export type ShadowAlarm = Wire<"ShadowAlarm">;
export type ShadowAlarms = Wire<"ShadowAlarms">;
export type Noise = Wire<"Noise">;
export type NoiseSource = Wire<"NoiseSource">;
export type QueueCounts = Wire<"QueueCounts">;
export type AlarmPage = Wire<"AlarmPage">;
export type HistoryPage = Wire<"HistoryPage">;
export type Account = Wire<"Account">;
export type NewAccount = Wire<"NewAccount">;
export type AccountChange = Wire<"AccountChange">;
export type AuditRow = Wire<"AuditRow">;
export type AuditList = Wire<"AuditList">;
export type AuditVerdict = Wire<"AuditVerdict">;
export type HandoverVerb = Schemas["HandoverVerb"];
export type Handover = Wire<"Handover">;
export type NewHandover = Wire<"NewHandover">;
export type HandoverSignature = Wire<"HandoverSignature">;
export type Shift = Wire<"Shift">;
export type ShiftCount = Wire<"ShiftCount">;
export type ShiftItem = Wire<"ShiftItem">;
export type ShiftSummary = Wire<"ShiftSummary">;
export type MapGround = Wire<"Map">;
export type Flood = Wire<"Flood">;
export type Wall = Wire<"Wall">;
export type WallUnit = Wire<"WallUnit">;
