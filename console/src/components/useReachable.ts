/** A table that is wider than the page is scrolled by its own box, which a keyboard must be able to reach. */
import { type RefObject, useEffect } from "react";

export function useReachable(page: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    for (const box of page.current?.querySelectorAll<HTMLElement>(".ant-table-content") ?? []) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  });
}
