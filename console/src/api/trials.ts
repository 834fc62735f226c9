/** Rules in the words of the site file, and trials of other ones on recordings. */
import { API, call } from "./client";
import type {
  CameraRules,
  NewTrial,
  RuleVerdicts,
  ShadowAlarms,
  ShadowModel,
  Trial,
  TrialDetail,
} from "./types";

const of = (camera: string) => `/cameras/${encodeURIComponent(camera)}`;

export const trials = {
  rules: (camera: string, signal?: AbortSignal) =>
    call<CameraRules>("GET", `${of(camera)}/rules`, undefined, signal),
  list: (camera: string, signal?: AbortSignal) =>
    call<Trial[]>("GET", `${of(camera)}/trials`, undefined, signal),
  one: (camera: string, id: number, signal?: AbortSignal) =>
    call<TrialDetail>("GET", `${of(camera)}/trials/${id}`, undefined, signal),
  ask: (camera: string, trial: NewTrial) => call<Trial>("POST", `${of(camera)}/trials`, trial),
  remove: (camera: string, id: number) => call<void>("DELETE", `${of(camera)}/trials/${id}`),
  verdicts: (from_ms: number, to_ms: number, signal?: AbortSignal) =>
    call<RuleVerdicts[]>("GET", `/rules/verdicts?from_ms=${from_ms}&to_ms=${to_ms}`, undefined, signal),
  shadow: (camera: string, from_ms: number, to_ms: number, signal?: AbortSignal) =>
    call<ShadowAlarms>(
      "GET",
      `${of(camera)}/shadow-alarms?from_ms=${from_ms}&to_ms=${to_ms}`,
      undefined,
      signal,
    ),
  shadowModel: (camera: string, from_ms: number, to_ms: number, signal?: AbortSignal) =>
    call<ShadowModel>(
      "GET",
      `${of(camera)}/shadow-model?from_ms=${from_ms}&to_ms=${to_ms}`,
      undefined,
      signal,
    ),
};

/** The still of an alarm of a trial. */
export const stillUrl = (camera: string, trial: number, side: "trial" | "live", n: number) =>
  `${API}${of(camera)}/trials/${trial}/still.jpg?side=${side}&n=${n}`;
