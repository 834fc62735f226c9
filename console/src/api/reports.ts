/** Statistics and bulletins: the routes of the reports page. */
import { type Answer, API, call, problemOf } from "./client";
import type { BulletinFormat, BulletinRow, Language, LedgerFormat, NewBulletin, Statistics } from "./types";

/** What the numbers are asked about; what is left out excludes nothing. */
export interface StatisticsQuestion {
  from_ms: number;
  to_ms: number;
  area?: string;
  class?: string;
  source?: string;
  unit?: string;
}

const query = (question: StatisticsQuestion) => {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(question)) {
    if (value !== undefined && value !== "") words.set(key, String(value));
  }
  return words.toString();
};

/** Where the ledger of these incidents is fetched from: the browser saves it while it comes. */
export const ledgerAddress = (question: StatisticsQuestion, format: LedgerFormat, lang: Language): string =>
  `${API}/ledger?${query(question)}&format=${format}&lang=${lang}`;

export const reports = {
  statistics: (question: StatisticsQuestion, signal?: AbortSignal) =>
    call<Statistics>("GET", `/statistics?${query(question)}`, undefined, signal),
  bulletins: (signal?: AbortSignal) => call<BulletinRow[]>("GET", "/bulletins", undefined, signal),
  flashes: (incident: number, signal?: AbortSignal) =>
    call<BulletinRow[]>("GET", `/bulletins?incident=${incident}`, undefined, signal),
  make: (bulletin: NewBulletin) => call<BulletinRow>("POST", "/bulletins", bulletin),
};

/** Fetches a file and hands it to the browser to save: a refusal comes back as one, and not as a page. */
export async function download(
  row: BulletinRow,
  format: BulletinFormat,
  lang: Language,
): Promise<Answer<void>> {
  try {
    const response = await fetch(`${API}/bulletins/${row.id}/file?format=${format}&lang=${lang}`, {
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!response.ok) return { kind: "error", problem: await problemOf(response) };
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = `${row.kind}-${row.id}.${format}`;
    link.click();
    // The browser has taken it by the next turn of its loop.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    return { kind: "ok", value: undefined };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { kind: "error", problem: { status: 0, code: "unreachable", message } };
  }
}
