/** What the storage page compares: days kept against days owed. */
import type { StorageCamera } from "../api/recordings";
import { DAY } from "./scale";

export function keptDays(row: StorageCamera): number {
  return Math.max(0, (row.newest_ms - row.oldest_ms) / DAY);
}

/** Below the floor first, and there whoever has least of what is owed; then by what is kept. */
export function worstFirst(rows: readonly StorageCamera[]): StorageCamera[] {
  const share = (row: StorageCamera) => keptDays(row) / Math.max(1, row.floor_days);
  return [...rows].sort(
    (a, b) => Number(b.is_below_floor) - Number(a.is_below_floor) || share(a) - share(b) || b.bytes - a.bytes,
  );
}

/** Shares of a bar as long as the larger of what is kept and what is owed, with a little room. */
export function barOf(row: StorageCamera): { kept: number; floor: number } {
  const kept = keptDays(row);
  const whole = Math.max(kept, row.floor_days, row.base_days, 1) * 1.05;
  return { kept: kept / whole, floor: row.floor_days / whole };
}
