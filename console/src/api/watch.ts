/** Hand-overs, the map's ground and the wall: the routes of the watch. */
import { API, call } from "./client";
import type {
  ConsoleBeat,
  ConsoleWord,
  Handover,
  HandoverSignature,
  MapGround,
  NewHandover,
  Shift,
  Wall,
} from "./types";

/** Which hand-overs: those before a number, opened in a span of time. */
export interface HandoverSpan {
  before?: number;
  from_ms?: number;
  until_ms?: number;
  limit?: number;
}

export const watch = {
  shift: (signal?: AbortSignal) => call<Shift>("GET", "/shift", undefined, signal),
  handovers: (span: HandoverSpan = {}, signal?: AbortSignal) => {
    const asked = Object.entries(span).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
    return call<Handover[]>("GET", query === "" ? "/handovers" : `/handovers?${query}`, undefined, signal);
  },
  handover: (id: number, signal?: AbortSignal) =>
    call<Handover>("GET", `/handovers/${id}`, undefined, signal),
  open: (handover: NewHandover) => call<Handover>("POST", "/handovers", handover),
  sign: (id: number, signature: HandoverSignature) =>
    call<Handover>("POST", `/handovers/${id}/signature`, signature),
  map: (signal?: AbortSignal) => call<MapGround>("GET", "/map", undefined, signal),
  wall: (signal?: AbortSignal) => call<Wall>("GET", "/wall", undefined, signal),
};

/**
 * Whether an alarm would be heard here; gives when to say it again, or null when it did not arrive. Not by `call`: that
 * it is not answered says nothing that the live link does not say, and the last word must outlive the page.
 */
export async function tellConsole(word: ConsoleWord, last: boolean): Promise<number | null> {
  try {
    const response = await fetch(`${API}/consoles`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-sharpeyes": "1" },
      body: JSON.stringify(word),
      credentials: "same-origin",
      cache: "no-store",
      keepalive: last,
    });
    return response.ok ? ((await response.json()) as ConsoleBeat).again_ms : null;
  } catch {
    return null;
  }
}
