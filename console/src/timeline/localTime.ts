/** The site's local time in date and time fields, which know no zones. */
import type { OffsetAt } from "./ticks";

/** 2026-11-26T03:12:00 */
export function localInput(at_ms: number, offsetAt: OffsetAt): string {
  return new Date(at_ms + offsetAt(at_ms)).toISOString().slice(0, 19);
}

export function readLocalInput(text: string, offsetAt: OffsetAt): number | null {
  const match = /^(\d{4,})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?/.exec(text);
  if (!match) return null;
  const local = Date.parse(
    `${match[1]}-${match[2]}-${match[3]}T${match[4] ?? "00"}:${match[5] ?? "00"}:${match[6] ?? "00"}Z`,
  );
  if (Number.isNaN(local)) return null;
  // The offset belongs to the instant itself; near a change of the clocks a second look is needed.
  const guess = local - offsetAt(local);
  return local - offsetAt(guess);
}
