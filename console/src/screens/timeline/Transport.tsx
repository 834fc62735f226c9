/** Everything that moves the clock, in the order in which a hand looks for it. */
import {
  BackwardOutlined,
  CaretRightFilled,
  ForwardOutlined,
  PauseOutlined,
  StepBackwardOutlined,
  StepForwardOutlined,
} from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useSpeech } from "../../i18n/context";
import { SPEEDS } from "../../timeline/steer";
import { useWallState, type WallStore } from "./useWall";

export interface TransportActions {
  toggle: () => void;
  skip: (by_ms: number) => void;
  step: (by: 1 | -1) => void;
  setSpeed: (speed: number) => void;
  alarm: (direction: "next" | "previous") => void;
  toEdge: () => void;
  askGoTo: () => void;
}

interface Props {
  store: WallStore;
  actions: TransportActions;
  canStep: boolean;
  children: ReactNode;
}

export const speedWord = (speed: number) => (speed === 0.5 ? "½×" : `${speed}×`);

/** A button that leaves the keyboard to the page: Space must go on playing after a click on anything else. */
export function Tool({
  label,
  keys,
  icon,
  children,
  primary = false,
  pressed,
  onClick,
}: {
  label: string;
  keys?: string;
  icon?: ReactNode;
  children?: ReactNode;
  primary?: boolean;
  pressed?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip title={keys ? `${label}  ${keys}` : label} mouseEnterDelay={0.4}>
      <Button
        type={primary || pressed ? "primary" : "default"}
        ghost={pressed && !primary}
        icon={icon}
        aria-label={label}
        aria-pressed={pressed}
        onMouseDown={(event) => event.preventDefault()}
        onClick={onClick}
      >
        {children}
      </Button>
    </Tooltip>
  );
}

export function Transport({ store, actions, canStep, children }: Props) {
  const { t } = useSpeech();
  const playing = useWallState(store, (s) => s.playing);
  const speed = useWallState(store, (s) => s.speed);
  const words = t.timeline;
  return (
    <div className="transport">
      <span className="transport-group">
        <Tool
          label={words.back10}
          keys="←"
          icon={<BackwardOutlined />}
          onClick={() => actions.skip(-10_000)}
        />
        {canStep && (
          <Tool
            label={words.frameBack}
            keys=","
            icon={<StepBackwardOutlined />}
            onClick={() => actions.step(-1)}
          />
        )}
        <Tool
          primary
          label={playing ? words.pause : words.play}
          keys="Space"
          icon={playing ? <PauseOutlined /> : <CaretRightFilled />}
          onClick={actions.toggle}
        />
        {canStep && (
          <Tool
            label={words.frameOn}
            keys="."
            icon={<StepForwardOutlined />}
            onClick={() => actions.step(1)}
          />
        )}
        <Tool label={words.on10} keys="→" icon={<ForwardOutlined />} onClick={() => actions.skip(10_000)} />
      </span>
      <Clock store={store} onClick={actions.askGoTo} />
      <fieldset className="transport-speeds" aria-label={words.speed}>
        {SPEEDS.map((choice) => (
          <button
            key={choice}
            type="button"
            aria-pressed={choice === speed}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => actions.setSpeed(choice)}
          >
            {speedWord(choice)}
          </button>
        ))}
      </fieldset>
      <span className="transport-group">
        <Tool label={words.previousAlarm} keys="P" onClick={() => actions.alarm("previous")}>
          ◂ {words.previousAlarm}
        </Tool>
        <Tool label={words.nextAlarm} keys="N" onClick={() => actions.alarm("next")}>
          {words.nextAlarm} ▸
        </Tool>
        <Tool label={words.edge} keys="End" onClick={actions.toEdge}>
          {words.edge}
        </Tool>
      </span>
      {children}
    </div>
  );
}

/** The instant that all panes show; a click asks for another one. */
function Clock({ store, onClick }: { store: WallStore; onClick: () => void }) {
  const { t, time } = useSpeech();
  const at = useWallState(store, (s) => s.at_ms);
  return (
    <Tooltip title={`${t.timeline.goTo}  G`} mouseEnterDelay={0.4}>
      <button
        type="button"
        className="transport-clock"
        data-testid="clock"
        data-at={Math.round(at)}
        onMouseDown={(event) => event.preventDefault()}
        onClick={onClick}
      >
        <span>{time.date(at)}</span> <b>{time.clock(at)}</b>
        <i>.{String(Math.floor(at) % 1000).padStart(3, "0")}</i>
      </button>
    </Tooltip>
  );
}
