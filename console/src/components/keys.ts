/** Keyboard commands: one handler per screen, silent while somebody types or a dialog is open. */
import { useEffect, useRef } from "react";

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return (
    target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}

/** Lower case throughout, so that a forgotten caps lock does not matter. */
function nameOf(event: KeyboardEvent): string {
  return event.key === " " ? "space" : event.key.toLowerCase();
}

/** Keys that go on while they are held; of any other, one press is one command. */
const HELD: ReadonlySet<string> = new Set([
  "arrowleft",
  "arrowright",
  "arrowup",
  "arrowdown",
  "j",
  "k",
  ",",
  ".",
]);

export function useKeys(map: KeyMap, active = true): void {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
        return;
      const name = nameOf(event);
      if (typing(event.target) && name !== "escape") return;
      const onButton = event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement;
      // A focused button or link keeps its own Enter and Space.
      if (onButton && (name === "enter" || name === "space")) return;
      const handler = latest.current[name];
      if (!handler) return;
      event.preventDefault();
      if (!event.repeat || HELD.has(name)) handler(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active]);
}
