/** Keeps the shown order between renders and the page steady while rows are put in above a hand. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Incident } from "../../api/types";
import { useLive } from "../../live/LiveProvider";
import { admit, type Board, settle } from "../../queue/board";

const same = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((id, i) => id === b[i]);

export function useBoard(incidents: readonly Incident[], calm: boolean): Board & { fresh: () => void } {
  const { book } = useLive();
  const [shown, setShown] = useState<number[]>([]);
  const board = useMemo(() => admit(shown, incidents, calm, book.isArrival), [shown, incidents, calm, book]);
  useEffect(() => {
    if (!same(board.rows, shown)) setShown(board.rows);
  }, [board, shown]);
  // As the book is when it is asked for, not as this was rendered: who waits for a page wants what has come since.
  const fresh = useCallback(() => setShown(settle(book.view())), [book]);
  return { ...board, fresh };
}

/**
 * Scrolls by as much as the row under the hand has moved, so that on the screen it has not. The list is padded when
 * it is too short to scroll.
 */
export function useSteady(
  list: RefObject<HTMLElement | null>,
  anchor: number | undefined,
  rows: readonly number[],
) {
  const held = useRef<{ id: number; top: number; rows: readonly number[] } | null>(null);
  useLayoutEffect(() => {
    const box = list.current;
    const row = anchor === undefined ? null : box?.querySelector<HTMLElement>(`[data-id="${anchor}"]`);
    if (!box || !row || anchor === undefined) {
      held.current = null;
      return;
    }
    const before = held.current;
    const moved = before && before.id === anchor && !same(before.rows, rows) ? row.offsetTop - before.top : 0;
    if (moved !== 0) {
      const wanted = box.scrollTop + moved;
      const inner = box.firstElementChild;
      if (inner instanceof HTMLElement) {
        const padding = Number.parseFloat(inner.style.paddingBottom || "0");
        const missing = wanted + box.clientHeight - inner.offsetHeight;
        if (missing > 0) inner.style.paddingBottom = `${padding + missing}px`;
      }
      box.scrollTop = wanted;
    }
    held.current = { id: anchor, top: row.offsetTop, rows };
  }, [list, anchor, rows]);
}
