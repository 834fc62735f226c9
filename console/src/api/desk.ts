/** The dispatch centre's routes beside the ones in `client`: what units do, files, reports, tables and saved views. */
import { type Answer, API, call, problemOf } from "./client";
import type { AlarmPage, HistoryPage, Incident, IncidentList, QueueCounts, Schemas, Wire } from "./types";

export type WorkVerb = Schemas["WorkVerb"];
export type WorkCommand = Wire<"WorkCommand">;
export type RejectReason = Schemas["RejectReason"];
export type RevisitResult = Schemas["RevisitResult"];
export type Satisfaction = Schemas["Satisfaction"];
export type Source = Schemas["Source"];
export type Assignment = Wire<"Assignment">;
export type Attachment = Wire<"Attachment">;
export type ClockRow = Wire<"ClockRow">;
export type CentreClass = Wire<"Class">;
export type Unit = Wire<"Unit">;
export type SupervisionSheet = Wire<"SupervisionSheet">;
export type Look = Wire<"Look">;
export type RevisitCounts = Wire<"RevisitCounts">;
export type IncidentReport = Wire<"IncidentReport">;
export type Reported = Wire<"Reported">;

/** Parameters of `GET /incidents` as a person chose them; what is empty excludes nothing. */
export type Filter = Readonly<Record<string, string>>;

export interface SavedView {
  id: number;
  name: string;
  filter: Filter;
}

/** What the gateway takes of one file. */
export const MOST_FILE_BYTES = 5 * 1024 * 1024;

/** Bytes of a file that is added to an incident: the body is the file itself. */
async function upload(id: number, file: File, unit: string | undefined): Promise<Answer<Incident>> {
  const query = new URLSearchParams({ name: file.name, ...(unit === undefined ? {} : { unit }) });
  try {
    const response = await fetch(`${API}/incidents/${id}/attachments?${query}`, {
      method: "POST",
      headers: {
        accept: "application/json",
        "x-sharpeyes": "1",
        "content-type": "application/octet-stream",
      },
      body: file,
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!response.ok) return { kind: "error", problem: await problemOf(response) };
    const { incident } = (await response.json()) as Wire<"Attached">;
    return { kind: "ok", value: incident };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { kind: "error", problem: { status: 0, code: "unreachable", message } };
  }
}

export const desk = {
  work: (id: number, command: WorkCommand) => call<Incident>("POST", `/incidents/${id}/work`, command),
  attach: upload,
  sheets: (id: number, signal?: AbortSignal) =>
    call<SupervisionSheet[]>("GET", `/incidents/${id}/supervision`, undefined, signal),
  looks: (id: number, before: number | undefined, signal?: AbortSignal) =>
    call<Look[]>(
      "GET",
      `/incidents/${id}/looks${before === undefined ? "" : `?before=${before}`}`,
      undefined,
      signal,
    ),
  revisits: (signal?: AbortSignal) => call<RevisitCounts>("GET", "/revisits", undefined, signal),
  report: (report: IncidentReport) => call<Reported>("POST", "/reports", report),
  views: (signal?: AbortSignal) => call<SavedView[]>("GET", "/views", undefined, signal),
  saveView: (name: string, filter: Filter) => call<SavedView>("POST", "/views", { name, filter }),
  forgetView: (id: number) => call<void>("DELETE", `/views/${id}`),
  find: (filter: Filter, signal?: AbortSignal) =>
    call<IncidentList>("GET", `/incidents?${new URLSearchParams(filter)}`, undefined, signal),
  count: (filter: Filter, signal?: AbortSignal) =>
    call<QueueCounts>("GET", `/incidents/count?${new URLSearchParams(filter)}`, undefined, signal),
  alarms: (id: number, before: number) => call<AlarmPage>("GET", `/incidents/${id}/alarms?before=${before}`),
  history: (id: number, before: number) =>
    call<HistoryPage>("GET", `/incidents/${id}/history?before=${before}`),
};

/** The bytes of a file; every look is written down, so nothing is fetched that nobody asked for. */
export const fileUrl = (incident: number, file: number) => `${API}/incidents/${incident}/attachments/${file}`;
