import {
  AimOutlined,
  CaretRightFilled,
  PauseOutlined,
  StepBackwardOutlined,
  StepForwardOutlined,
} from "@ant-design/icons";
import { Button, Select, Switch, Tooltip } from "antd";
import { useSpeech } from "../../i18n/context";
import { position } from "../../i18n/format";
import type { ClipPlayer, ClipState } from "../../media/ClipPlayer";

interface Props {
  player: ClipPlayer | null;
  state: ClipState;
  boxes: boolean;
  onBoxes: (shown: boolean) => void;
}

const RATES = [0.25, 0.5, 1, 2, 4];

export function Controls({ player, state, boxes, onBoxes }: Props) {
  const { t, time } = useSpeech();
  return (
    <div className="controls">
      <Button
        type="primary"
        icon={state.playing ? <PauseOutlined /> : <CaretRightFilled />}
        onClick={() => player?.toggle()}
        aria-label={state.playing ? t.player.pause : t.player.play}
      />
      <Tooltip title={`${t.player.prev} ←`}>
        <Button
          icon={<StepBackwardOutlined />}
          onClick={() => player?.stepFrame(-1)}
          aria-label={t.player.prev}
        />
      </Tooltip>
      <Tooltip title={`${t.player.next} →`}>
        <Button
          icon={<StepForwardOutlined />}
          onClick={() => player?.stepFrame(1)}
          aria-label={t.player.next}
        />
      </Tooltip>
      <Tooltip title={`${t.player.toBegin} B`}>
        <Button icon={<AimOutlined />} onClick={() => player?.toAlarm()} aria-label={t.player.toBegin} />
      </Tooltip>
      <span className="controls-time">
        <b>{state.wall_ms === null ? "--:--:--" : time.precise(state.wall_ms)}</b>
        <span className="muted">
          {position(state.position_s)} / {position(state.duration_s)}
        </span>
      </span>
      <span className="controls-right">
        <label className="controls-boxes">
          <Switch size="small" checked={boxes} onChange={onBoxes} /> {t.player.boxes}
        </label>
        <Select
          aria-label={t.player.speed}
          defaultValue={1}
          onChange={(rate: number) => player?.setRate(rate)}
          options={RATES.map((rate) => ({ value: rate, label: `${rate}×` }))}
        />
      </span>
    </div>
  );
}
