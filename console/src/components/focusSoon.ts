import { useCallback, useRef } from "react";

/** For the `ref` of a dialog's first field: dialogs take the focus for themselves when they open, so ask after that. */
const AFTER_OPENING_MS = 50;

export function focusSoon(element: { focus: () => void } | null): void {
  if (element) setTimeout(() => element.focus(), AFTER_OPENING_MS);
}

/** For `ref`: it has the focus when it comes, and keeps to where the hand goes then. */
export function focusOnce(element: HTMLElement | null): void {
  if (!element || element.dataset.focused !== undefined) return;
  element.dataset.focused = "";
  focusSoon(element);
}

/** The same for fields whose `ref` comes anew with every change: the first time counts. */
export function useFirstFocus(): (element: { focus: () => void } | null) => void {
  const done = useRef(false);
  return useCallback((element) => {
    if (!element || done.current) return;
    done.current = true;
    focusSoon(element);
  }, []);
}
