/**
 * The one way to the gateway: every call answers `ok`, `aborted` or `error`, and never throws.
 * What must not be here: caching (TanStack Query does that), words for people (i18n does that).
 */
import { answered, isAway, maySend, unanswered } from "../live/reach";
import type {
  Account,
  AccountChange,
  Area,
  AuditList,
  AuditVerdict,
  Camera,
  Clip,
  ErrorBody,
  Escalated,
  Incident,
  IncidentCommand,
  IncidentDetail,
  IncidentList,
  IncidentScope,
  Language,
  NewAccount,
  OutboundResent,
  OutboundTarget,
  SetupState,
  Ticket,
  TicketList,
  TicketScope,
  TraceFrame,
  Viewer,
} from "./types";

/** Why a call did not succeed. `status` 0: the server could not be reached. */
export interface Problem extends ErrorBody {
  status: number;
}

export type Answer<T> = { kind: "ok"; value: T } | { kind: "aborted" } | { kind: "error"; problem: Problem };

/** A failed answer as an exception, for TanStack Query only. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

export const API = "/api/v1";

/** What a technician does to a ticket. */
export type TicketAct = "acknowledge" | "close";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** What a refusal says, for every way of asking. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  if (isErrorBody(body)) return { ...body, status: response.status };
  return { status: response.status, code: `http_${response.status}`, message: response.statusText };
}

/** A proxy that answers for a gateway that is away says nothing of ours. */
const isNoAnswer = (problem: Problem) => problem.code === `http_${problem.status}` && isAway(problem.status);

const NOT_SENT: Problem = {
  status: 0,
  code: "link_down",
  message: "not sent: the gateway cannot be reached",
};

async function isThere(signal: AbortSignal): Promise<boolean> {
  return (await fetch(`${API}/health`, { signal, cache: "no-store" })).ok;
}

/** One request; the modules beside this one use it for their own routes. */
export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  // Every state change carries this header: a foreign page cannot send it without a preflight that fails.
  const headers: Record<string, string> = { accept: "application/json", "x-sharpeyes": "1" };
  if (body !== undefined) headers["content-type"] = "application/json";
  // What would change something is sent now or not at all.
  if (method !== "GET" && !(await maySend(isThere))) return { kind: "error", problem: NOT_SENT };
  try {
    const response = await fetch(`${API}${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!response.ok) {
      const problem = await problemOf(response);
      if (isNoAnswer(problem)) unanswered();
      else answered();
      return { kind: "error", problem };
    }
    answered();
    const text = await response.text();
    return { kind: "ok", value: (text === "" ? undefined : JSON.parse(text)) as T };
  } catch (cause) {
    if (signal?.aborted) return { kind: "aborted" };
    unanswered();
    const message = cause instanceof Error ? cause.message : String(cause);
    return { kind: "error", problem: { status: 0, code: "unreachable", message } };
  }
}

const ofAlarm = (alarm: number | undefined) => (alarm === undefined ? "" : `?alarm=${alarm}`);

export const client = {
  setup: (signal?: AbortSignal) => call<SetupState>("GET", "/setup", undefined, signal),
  finishSetup: (code: string, name: string, password: string) =>
    call<Viewer>("POST", "/setup", { code, name, password }),
  viewer: (signal?: AbortSignal) => call<Viewer>("GET", "/session", undefined, signal),
  signIn: (name: string, password: string) => call<Viewer>("POST", "/session", { name, password }),
  setLanguage: (language: Language) => call<Viewer>("PATCH", "/session", { language }),
  signOut: () => call<void>("DELETE", "/session"),
  areas: (signal?: AbortSignal) => call<Area[]>("GET", "/areas", undefined, signal),
  cameras: (signal?: AbortSignal) => call<Camera[]>("GET", "/cameras", undefined, signal),
  camera: (id: string, signal?: AbortSignal) =>
    call<Camera>("GET", `/cameras/${encodeURIComponent(id)}`, undefined, signal),
  cameraHealth: (signal?: AbortSignal) => call<Camera[]>("GET", "/health/cameras", undefined, signal),
  incidents: (state: IncidentScope, limit: number, before?: number, signal?: AbortSignal) => {
    const cursor = before === undefined ? "" : `&before=${before}`;
    return call<IncidentList>("GET", `/incidents?state=${state}&limit=${limit}${cursor}`, undefined, signal);
  },
  incident: (id: number, signal?: AbortSignal) =>
    call<IncidentDetail>("GET", `/incidents/${id}`, undefined, signal),
  act: (id: number, command: IncidentCommand) => call<Incident>("POST", `/incidents/${id}/actions`, command),
  clip: (id: number, alarm?: number, signal?: AbortSignal) =>
    call<Clip>("GET", `/incidents/${id}/clip${ofAlarm(alarm)}`, undefined, signal),
  trace: (id: number, alarm?: number, signal?: AbortSignal) =>
    call<TraceFrame[]>("GET", `/incidents/${id}/trace${ofAlarm(alarm)}`, undefined, signal),
  tickets: (state: TicketScope, signal?: AbortSignal) =>
    call<TicketList>("GET", `/tickets?state=${state}`, undefined, signal),
  actOnTicket: (id: number, act: TicketAct, note: string) =>
    call<Ticket>("POST", `/tickets/${id}/${act}`, { note }),
  escalations: (signal?: AbortSignal) => call<Escalated[]>("GET", "/escalations", undefined, signal),
  acknowledge: (id: number) => call<Incident>("POST", `/incidents/${id}/acknowledgement`, {}),
  outbound: (signal?: AbortSignal) => call<OutboundTarget[]>("GET", "/outbound", undefined, signal),
  resendOutbound: (target: string) =>
    call<OutboundResent>("POST", `/outbound/${encodeURIComponent(target)}/resend`, {}),
  accounts: (signal?: AbortSignal) => call<Account[]>("GET", "/accounts", undefined, signal),
  createAccount: (account: NewAccount) => call<Account>("POST", "/accounts", account),
  changeAccount: (id: number, change: AccountChange) => call<Account>("PATCH", `/accounts/${id}`, change),
  audit: (limit: number, before?: number, signal?: AbortSignal) =>
    call<AuditList>(
      "GET",
      `/audit?limit=${limit}${before === undefined ? "" : `&before=${before}`}`,
      undefined,
      signal,
    ),
  verifyAudit: () => call<AuditVerdict>("GET", "/audit/verify"),
};

/** The still of an incident's first alarm. */
export const thumbnailUrl = (incident: number) => `${API}/incidents/${incident}/thumbnail.jpg`;

/** The live WebSocket of a camera. */
export function liveUrl(camera: string, stream: "main" | "sub"): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}${API}/cameras/${encodeURIComponent(camera)}/live?stream=${stream}`;
}

/** For `queryFn`: the value, or an exception that carries the problem. */
export async function need<T>(answer: Promise<Answer<T>>): Promise<T> {
  const settled = await answer;
  if (settled.kind === "ok") return settled.value;
  if (settled.kind === "error") throw new ProblemError(settled.problem);
  throw new DOMException("aborted", "AbortError");
}
