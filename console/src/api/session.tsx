/** Who is signed in, for every screen below the gate. */
import { createContext, useContext } from "react";
import type { Role, Viewer } from "./types";

export const ViewerContext = createContext<Viewer | null>(null);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer outside the gate");
  return viewer;
}

/** What each role finds in the navigation, first entry first. The server decides what is allowed; this only avoids dead ends. */
export type ScreenName =
  | "queue"
  | "revisits"
  | "cameras"
  | "timeline"
  | "map"
  | "handover"
  | "wall"
  | "reports"
  | "health"
  | "tickets"
  | "rules"
  | "noise"
  | "storage"
  | "accounts"
  | "audit";

const SCREENS: Record<Role, readonly ScreenName[]> = {
  operator: ["queue", "revisits", "map", "cameras", "timeline", "reports", "noise", "handover", "wall"],
  police: ["queue", "map", "reports", "wall"],
  unit: ["queue"],
  technician: ["tickets", "health", "rules", "noise", "timeline", "storage"],
  administrator: ["accounts", "health", "tickets", "rules", "noise", "storage"],
  auditor: ["audit"],
};

export const screensOf = (role: Role): readonly ScreenName[] => SCREENS[role];
export const seesQueue = (role: Role): boolean => role === "operator" || role === "police" || role === "unit";
/** Recorded pictures; a technician sees only what is recorded and what is missing. */
export const mayWatch = (role: Role): boolean => role === "operator";
/** The moments of a trial; whoever keeps accounts sees no pictures. */
export const seesStills = (role: Role): boolean => role === "technician";
export const mayAct = (role: Role): boolean => role === "operator";
