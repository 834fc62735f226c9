/** Hand-overs, the map's ground and the wall: the routes of the watch. */
import { call } from "./client";
import type { Handover, HandoverSignature, MapGround, NewHandover, Shift, Wall } from "./types";

export const watch = {
  shift: (signal?: AbortSignal) => call<Shift>("GET", "/shift", undefined, signal),
  handovers: (signal?: AbortSignal) => call<Handover[]>("GET", "/handovers", undefined, signal),
  handover: (id: number, signal?: AbortSignal) =>
    call<Handover>("GET", `/handovers/${id}`, undefined, signal),
  open: (handover: NewHandover) => call<Handover>("POST", "/handovers", handover),
  sign: (id: number, signature: HandoverSignature) =>
    call<Handover>("POST", `/handovers/${id}/signature`, signature),
  map: (signal?: AbortSignal) => call<MapGround>("GET", "/map", undefined, signal),
  wall: (signal?: AbortSignal) => call<Wall>("GET", "/wall", undefined, signal),
};
