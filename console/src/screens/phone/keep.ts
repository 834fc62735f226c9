/** What is not delivered yet, kept on the phone over reloads and empty batteries. Photos are too large for localStorage. */
import { createStore, del, entries, get, set } from "idb-keyval";
import type { IncidentReport } from "../../api/phone";
import type { Deed, Photo } from "./deed";

let opened: ReturnType<typeof createStore> | undefined;
const store = () => {
  opened ??= createStore("sharpeyes.phone", "unsent");
  return opened;
};

/** A report as it is being written, or as it went out. */
export interface ReportDraft {
  key: string;
  class?: string;
  area?: string;
  what: string;
  place: string;
  phone: string;
  position?: { latitude: number; longitude: number; accuracy_m: number };
  photos: Photo[];
  /** As it went out, for as long as nobody knows whether it arrived. */
  sent?: IncidentReport;
  lost_ms?: number;
}

/** Several people may use one phone: each sees only their own. */
const deedKey = (viewer: number, deed: Pick<Deed, "incident" | "action">) =>
  `${viewer}/deed/${deed.incident}/${deed.action}`;
const reportKey = (viewer: number) => `${viewer}/report`;

export const keepDeed = (viewer: number, deed: Deed) => set(deedKey(viewer, deed), deed, store());
export const dropDeed = (viewer: number, deed: Pick<Deed, "incident" | "action">) =>
  del(deedKey(viewer, deed), store());
export async function keptDeeds(viewer: number): Promise<Deed[]> {
  const all = await entries<string, Deed>(store());
  return all.filter(([key]) => key.startsWith(`${viewer}/deed/`)).map(([, deed]) => deed);
}

export const keepReport = (viewer: number, draft: ReportDraft) => set(reportKey(viewer), draft, store());
export const dropReport = (viewer: number) => del(reportKey(viewer), store());
export const keptReport = (viewer: number) => get<ReportDraft>(reportKey(viewer), store());
