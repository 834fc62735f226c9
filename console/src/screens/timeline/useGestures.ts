/** Wheel, drag, pinch and click on the strip. Everything is told in instants; the view itself belongs to the strip. */
import { type RefObject, useEffect, useRef } from "react";
import { panBy, timeAt, type View, zoomAt } from "../../timeline/scale";
import { RULER_PX } from "./drawStrip";

export interface GestureHandlers {
  view: () => View;
  setView: (view: View) => void;
  /** Where the head is, so that it can be taken hold of. */
  headX: () => number;
  onClick: (at_ms: number, y: number) => void;
  onScrub: (at_ms: number, isLast: boolean) => void;
  onHover: (at: { x: number; y: number } | null) => void;
}

/** Less than this between down and up is a click. */
const CLICK_PX = 5;
const GRIP_PX = 9;
const WHEEL_RATE = 0.0016;

export function useGestures(canvas: RefObject<HTMLCanvasElement | null>, handlers: GestureHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const gone = new AbortController();
    const { signal } = gone;
    const pointers = new Map<number, { x: number; y: number }>();
    let mode: "none" | "pan" | "scrub" | "pinch" = "none";
    let moved = 0;
    const place = (event: PointerEvent | WheelEvent) => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
    };
    const spread = () => {
      const [a, b] = [...pointers.values()];
      return a && b ? { away: Math.max(20, Math.abs(a.x - b.x)), middle: (a.x + b.x) / 2 } : null;
    };

    element.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { x, width } = place(event);
        const view = latest.current.view();
        const lines = event.deltaMode === 1 ? 16 : 1;
        const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          latest.current.setView(panBy(view, width, -sideways * lines));
          return;
        }
        // A pinch on a touch pad comes as a wheel with Ctrl and small steps.
        const rate = event.ctrlKey ? WHEEL_RATE * 6 : WHEEL_RATE;
        const factor = Math.exp(event.deltaY * lines * rate);
        latest.current.setView(zoomAt(view, timeAt(view, width, x), factor));
      },
      { signal, passive: false },
    );
    element.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        element.setPointerCapture(event.pointerId);
        const at = place(event);
        pointers.set(event.pointerId, at);
        moved = 0;
        if (pointers.size === 2) mode = "pinch";
        else mode = at.y < RULER_PX || Math.abs(at.x - latest.current.headX()) < GRIP_PX ? "scrub" : "pan";
      },
      { signal },
    );
    element.addEventListener(
      "pointermove",
      (event) => {
        const at = place(event);
        latest.current.onHover(at);
        const before = pointers.get(event.pointerId);
        if (!before) return;
        const old = spread();
        pointers.set(event.pointerId, at);
        moved += Math.abs(at.x - before.x) + Math.abs(at.y - before.y);
        const view = latest.current.view();
        if (mode === "pinch" && old) {
          const now = spread();
          if (!now) return;
          const zoomed = zoomAt(view, timeAt(view, at.width, old.middle), old.away / now.away);
          latest.current.setView(panBy(zoomed, at.width, now.middle - old.middle));
        } else if (mode === "scrub" && moved > CLICK_PX) {
          latest.current.onScrub(timeAt(view, at.width, at.x), false);
        } else if (mode === "pan" && moved > CLICK_PX) {
          latest.current.setView(panBy(view, at.width, at.x - before.x));
        }
      },
      { signal },
    );
    const up = (event: PointerEvent) => {
      if (!pointers.delete(event.pointerId)) return;
      const at = place(event);
      const instant = timeAt(latest.current.view(), at.width, at.x);
      if (event.type === "pointerup" && pointers.size === 0) {
        if (mode !== "pinch" && moved <= CLICK_PX) latest.current.onClick(instant, at.y);
        else if (mode === "scrub") latest.current.onScrub(instant, true);
      }
      if (pointers.size === 0) mode = "none";
    };
    element.addEventListener("pointerup", up, { signal });
    element.addEventListener("pointercancel", up, { signal });
    element.addEventListener("pointerleave", () => latest.current.onHover(null), { signal });
    return () => gone.abort();
  }, [canvas]);
}
