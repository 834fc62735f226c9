/** The keys of the timeline, all of them listed in the help. */
import { type KeyMap, useKeys } from "../../components/keys";
import type { Asking } from "./Desk";
import type { TransportActions } from "./Transport";

export interface DeskActions extends TransportActions {
  speedBy: (by: 1 | -1) => void;
  zoom: (by: 1 | -1) => void;
  focus: (n: number) => void;
  enlarge: () => void;
  mark: (which: "in_ms" | "out_ms") => void;
  hold: () => void;
  ask: (what: Asking) => void;
}

const SECONDS_MS = 10_000;
const MINUTE_MS = 60_000;

export function useDeskKeys(
  actions: DeskActions,
  watches: boolean,
  active: boolean,
  enlarged: boolean,
): void {
  const move = (by: 1 | -1) => (event: KeyboardEvent) =>
    actions.skip(by * (event.shiftKey ? MINUTE_MS : SECONDS_MS));
  const looking: KeyMap = {
    arrowleft: move(-1),
    arrowright: move(1),
    "+": () => actions.zoom(-1),
    "=": () => actions.zoom(-1),
    "-": () => actions.zoom(1),
    end: actions.toEdge,
    g: actions.askGoTo,
    "?": () => actions.ask("help"),
  };
  const watching: KeyMap = {
    space: actions.toggle,
    ",": () => actions.step(-1),
    ".": () => actions.step(1),
    "<": () => actions.speedBy(-1),
    ">": () => actions.speedBy(1),
    n: () => actions.alarm("next"),
    p: () => actions.alarm("previous"),
    enter: actions.enlarge,
    i: () => actions.mark("in_ms"),
    o: () => actions.mark("out_ms"),
    h: actions.hold,
    c: () => actions.ask("cameras"),
    ...(enlarged ? { escape: actions.enlarge } : {}),
  };
  for (let n = 1; n <= 9; n++) watching[String(n)] = () => actions.focus(n);
  useKeys(watches ? { ...looking, ...watching } : looking, active);
}
