/** For the `ref` of a dialog's first field: dialogs take the focus for themselves when they open, so ask after that. */
const AFTER_OPENING_MS = 50;

export function focusSoon(element: { focus: () => void } | null): void {
  if (element) setTimeout(() => element.focus(), AFTER_OPENING_MS);
}
