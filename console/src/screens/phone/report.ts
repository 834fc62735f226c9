/** From what a grid worker writes to what the gateway takes. No words and no React here. */
import type { IncidentReport } from "../../api/phone";
import type { Centre } from "../../api/types";
import type { ReportDraft } from "./keep";

type Class = Centre["classes"][number];

/** Conditions that a camera's rule finds: a person names them seldom, and finds them below the others. */
const OF_CAMERAS: ReadonlySet<string> = new Set([
  "crowd_surge",
  "intrusion",
  "water_edge",
  "line_crossing",
  "wrong_way",
  "loitering",
  "left_object",
  "running",
]);

/** What a grid worker may report (not 禁入清单), what people see first, and the rest. */
export function classesOf(classes: readonly Class[]): { usual: Class[]; rare: Class[] } {
  const allowed = classes.filter((one) => one.grid_workers);
  return {
    usual: allowed.filter((one) => !OF_CAMERAS.has(one.id)),
    rare: allowed.filter((one) => OF_CAMERAS.has(one.id)),
  };
}

/** The first thing that is still missing. */
export function missingIn(draft: ReportDraft): "class" | "area" | "what" | null {
  if (draft.class === undefined) return "class";
  if (draft.area === undefined) return "area";
  return draft.what.trim() === "" && draft.photos.length === 0 ? "what" : null;
}

const MOST_TITLE = 40;

/** A title is the first line; the whole is the description where it says more. */
export function titleOf(what: string, className: string): { title: string; description?: string } {
  const whole = what.trim();
  const line = whole.split("\n", 1)[0]?.trim() ?? "";
  if (line === "") return { title: className };
  const letters = [...line];
  if (letters.length <= MOST_TITLE)
    return line === whole ? { title: line } : { title: line, description: whole };
  return { title: `${letters.slice(0, MOST_TITLE - 1).join("")}…`, description: whole };
}

export function reportOf(
  draft: ReportDraft,
  files: IncidentReport["files"],
  facts: { className: string; source: "grid" | "patrol" },
): IncidentReport {
  const place = draft.place.trim();
  const phone = draft.phone.trim();
  return {
    idempotency_key: draft.key,
    source: facts.source,
    class: draft.class ?? "",
    area: draft.area ?? "",
    ...titleOf(draft.what, facts.className),
    ...(place === "" ? {} : { location: place }),
    ...(phone === "" ? {} : { reporter_phone: phone }),
    ...(draft.position ? { latitude: draft.position.latitude, longitude: draft.position.longitude } : {}),
    files,
  };
}
