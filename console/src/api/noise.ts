/** Noisy sources: which rules of which cameras raise too much. */
import { queryOptions } from "@tanstack/react-query";
import { call, need } from "./client";
import type { Noise, NoiseSource } from "./types";

/** It is counted once a minute. */
const EVERY_MS = 60_000;

export const noiseQuery = queryOptions({
  queryKey: ["noise"],
  queryFn: ({ signal }) => need(call<Noise>("GET", "/noise", undefined, signal)),
  refetchInterval: EVERY_MS,
  staleTime: EVERY_MS / 2,
});

export const isNoisy = (source: NoiseSource): boolean => source.excess.length > 0;

/** What an incident and a source have in common. */
const keyOf = (camera: string, what: string) => `${camera} ${what}`;

/** Whether an incident comes from a source that is over its budget. Says so, and hides nothing. */
export function noisyOf(noise: Noise | undefined): (incident: { camera?: string; class: string }) => boolean {
  const noisy = new Set((noise?.sources ?? []).filter(isNoisy).map((one) => keyOf(one.camera, one.class)));
  return (incident) => incident.camera !== undefined && noisy.has(keyOf(incident.camera, incident.class));
}
