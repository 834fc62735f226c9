/** What an entry of the history says, in words. Pure: names and times come in. */
import type { HistoryRow } from "../../api/types";
import type { Words } from "../../i18n/zh";

export interface Names {
  classOf: (id: string) => string;
  unitOf: (id: string) => string;
  areaOf: (id: string) => string;
  /** Number of another incident as people say it, as far as it is known here. */
  incidentOf: (id: number) => string;
  /** Name of an account, as far as it is known here. */
  personOf: (id: number) => string | undefined;
  /** Name of a file. */
  fileOf: (id: number) => string | undefined;
  /** A moment, short. */
  at: (ms: number) => string;
}

type Detail = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const whole = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** Levels are words on the wire of the history: `red` to `blue`. */
const LEVELS: Readonly<Record<string, number>> = { red: 1, orange: 2, yellow: 3, blue: 4 };
const URGES: Readonly<Record<string, number>> = { remind: 1, press: 2, supervise: 3 };

function levelOf(value: unknown): number | undefined {
  return whole(value) ?? LEVELS[text(value) ?? ""];
}

function because(t: Words, row: HistoryRow): string | undefined {
  const { reason } = row;
  if (reason === undefined) return undefined;
  return t.reason[reason] ?? t.reopenReason[reason] ?? t.desk.rejectReason[reason] ?? reason;
}

/** Whom the chain tells, and whom it has reached by that. */
function escalation(detail: Detail, words: Words["desk"]["history"]): string[] {
  const parts = [words.step(whole(detail.step) ?? 0, text(detail.to) ?? "")];
  const told = Array.isArray(detail.told) ? (detail.told as Detail[]) : [];
  const names = told.map((one) => [text(one.name), text(one.phone)].filter(Boolean).join(" "));
  if (names.length > 0) parts.push(words.reached(names));
  if (detail.unmanned === true) parts.push(words.unmanned);
  return parts;
}

/** Details of an entry, most important first; what is plain from the verb alone is not said again. */
export function detailsOf(t: Words, row: HistoryRow, names: Names): string[] {
  const detail = (typeof row.detail === "object" && row.detail !== null ? row.detail : {}) as Detail;
  const words = t.desk.history;
  const clock = t.desk.clock.kind[text(detail.clock) ?? ""] ?? text(detail.clock) ?? "";
  const unit = row.unit === undefined ? undefined : names.unitOf(row.unit);
  const lead = text(detail.lead);
  const assist = list(detail.assist);
  const due = whole(detail.due_ms);
  const level = levelOf(detail.level);
  const parts: (string | undefined)[] = [because(t, row)];
  switch (row.action) {
    case "assess":
      parts.push(text(detail.class) && names.classOf(text(detail.class) ?? ""));
      parts.push(level === undefined ? undefined : words.level(t.level[level] ?? String(level)));
      parts.push(text(detail.area) && names.areaOf(text(detail.area) ?? ""));
      break;
    case "raise":
      parts.push(words.level(t.level[row.level] ?? String(row.level)));
      break;
    case "urge": {
      const urge = URGES[text(detail.level) ?? ""] ?? whole(detail.level) ?? 0;
      parts.push(t.desk.urgeName[urge]);
      break;
    }
    case "warn":
      return [...(unit ? [unit] : []), words.percent(clock, whole(detail.percent) ?? 0)];
    case "overdue":
      return [...(unit ? [unit] : []), words.ranOut(clock)];
    case "escalate":
      return escalation(detail, words);
    case "merge": {
      const into = whole(detail.into);
      parts.push(into === undefined ? undefined : words.into(names.incidentOf(into)));
      break;
    }
    case "take_over": {
      const from = names.personOf(whole(detail.from) ?? 0);
      parts.push(from === undefined ? undefined : words.takenFrom(from));
      break;
    }
    case "shelve": {
      const until = whole(detail.until_ms);
      parts.push(until === undefined ? undefined : words.until(names.at(until)));
      break;
    }
    case "revisit":
      parts.push(t.desk.revisitResult[text(detail.result) ?? ""]);
      parts.push(t.desk.satisfaction[text(detail.satisfaction) ?? ""]);
      break;
    case "attach": {
      const file = names.fileOf(whole(detail.attachment) ?? 0);
      parts.push(unit, file === undefined ? undefined : words.file(file));
      break;
    }
    default:
      parts.push(unit);
  }
  if (lead !== undefined) parts.push(words.lead(names.unitOf(lead)));
  if (assist.length > 0) parts.push(words.assist(assist.map(names.unitOf).join("、")));
  if (due !== undefined) parts.push(words.due(names.at(due)));
  return parts.filter((part): part is string => part !== undefined && part !== "");
}
