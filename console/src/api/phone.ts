/** The routes of units and of those who report. */
import { type Answer, API, call, problemOf } from "./client";
import type { components } from "./schema.gen";
import type { Area, Incident } from "./types";

type Schemas = components["schemas"];
export type WorkVerb = Schemas["WorkVerb"];
export type WorkCommand = Schemas["WorkCommand"];
export type IncidentReport = Schemas["IncidentReport"];
export type Reported = Schemas["Reported"];
export type OwnReport = Schemas["OwnReport"];

/** A thin link answers late or never: after so long nothing is waited for any more. */
const ANSWER_MS = 30_000;
/** A photo, or a report with photos. */
const UPLOAD_MS = 120_000;

const unreachable = <T>(message: string): Answer<T> => ({
  kind: "error",
  problem: { status: 0, code: "unreachable", message },
});

/** With a limit in time; what ran out of it is as unreachable as what found no network. */
async function inTime<T>(ms: number, ask: (signal: AbortSignal) => Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await ask(AbortSignal.timeout(ms));
  return answer.kind === "aborted" ? unreachable("no answer in time") : answer;
}

async function upload<T>(path: string, bytes: Blob, signal: AbortSignal): Promise<Answer<T>> {
  try {
    const headers = { accept: "application/json", "content-type": bytes.type, "x-sharpeyes": "1" };
    const response = await fetch(`${API}${path}`, {
      method: "POST",
      headers,
      body: bytes,
      signal,
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!response.ok) return { kind: "error", problem: await problemOf(response) };
    return { kind: "ok", value: (await response.json()) as T };
  } catch (cause) {
    return unreachable(cause instanceof Error ? cause.message : String(cause));
  }
}

export const phone = {
  work: (id: number, command: WorkCommand) =>
    inTime(ANSWER_MS, (signal) => call<Incident>("POST", `/incidents/${id}/work`, command, signal)),
  attach: (id: number, name: string, bytes: Blob) =>
    inTime(UPLOAD_MS, (signal) =>
      upload<Schemas["Attached"]>(
        `/incidents/${id}/attachments?name=${encodeURIComponent(name)}`,
        bytes,
        signal,
      ),
    ),
  report: (report: IncidentReport) =>
    inTime(UPLOAD_MS, (signal) => call<Reported>("POST", "/reports", report, signal)),
  ownReports: (signal?: AbortSignal) => call<OwnReport[]>("GET", "/reports/own", undefined, signal),
  reportAreas: (signal?: AbortSignal) => call<Area[]>("GET", "/reports/areas", undefined, signal),
};

export const attachmentUrl = (incident: number, file: number) =>
  `${API}/incidents/${incident}/attachments/${file}`;
export const clipUrl = (incident: number) => `${API}/incidents/${incident}/clip.mp4`;
/** The same, re-coded for a phone that cannot play what the camera sent. */
export const recodedUrl = (incident: number) => `${API}/incidents/${incident}/clip.h264.mp4`;
