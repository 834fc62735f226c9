/** One pane: its video, its name, and in words why it shows nothing when it does not. */
import { CloseOutlined, ExpandOutlined, ShrinkOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import type { Stream } from "../../api/recordings";
import { useSpeech } from "../../i18n/context";
import { PanePlayer, type PaneState } from "../../media/replay/PanePlayer";
import { DAY } from "../../timeline/scale";
import type { Replay } from "./useWall";

interface Props {
  replay: Replay;
  camera: string;
  name: string;
  stream: Stream;
  number: number;
  isFocused: boolean;
  isEnlarged: boolean;
  isHidden: boolean;
  canEnlarge: boolean;
  onFocus: () => void;
  onEnlarge: () => void;
  onRemove: () => void;
  onSub: () => void;
  onPurpose: () => void;
  /** The player of this pane, for frame steps; null when it is gone. */
  onPlayer: (camera: string, player: PanePlayer | null) => void;
}

export function Pane(props: Props) {
  const { t } = useSpeech();
  const { replay, camera, stream, onPlayer } = props;
  const video = useRef<HTMLVideoElement>(null);
  const image = useRef<HTMLImageElement>(null);
  const [state, setState] = useState<PaneState | null>(null);
  const [player, setPlayer] = useState<PanePlayer | null>(null);
  const tell = useRef(onPlayer);
  tell.current = onPlayer;

  useEffect(() => {
    if (!video.current || !image.current) return;
    const made = new PanePlayer(camera, stream, {
      video: video.current,
      image: image.current,
      pictures: replay.pictures,
      reason: replay.reason,
      now: replay.now,
      clockAt: (perf) => replay.wall.at(perf),
      onState: setState,
    });
    const leave = replay.wall.add(made);
    setPlayer(made);
    tell.current(camera, made);
    return () => {
      leave();
      made.destroy();
      tell.current(camera, null);
      setPlayer(null);
      setState(null);
    };
  }, [replay, camera, stream]);

  const kind = state?.kind ?? "idle";
  const isPicture = state?.way === "pictures" && kind === "shown";
  const look = ["pane", props.isFocused && "pane-focused", props.isHidden && "pane-hidden"];
  return (
    <section
      className={look.filter(Boolean).join(" ")}
      data-camera={camera}
      data-state={kind}
      data-way={state?.way}
      aria-label={t.timeline.pane(props.number, props.name)}
      onPointerDown={props.onFocus}
      onDoubleClick={props.canEnlarge ? props.onEnlarge : undefined}
    >
      <header className="pane-head">
        <kbd>{props.number}</kbd>
        <b>{props.name}</b>
        {state?.way === "transcoded" && kind === "shown" && (
          <span className="pane-tag">{t.timeline.state.transcoded}</span>
        )}
        <span className="pane-tools">
          {props.canEnlarge && (
            <button
              type="button"
              tabIndex={-1}
              title={props.isEnlarged ? t.timeline.shrink : t.timeline.enlarge}
              aria-label={props.isEnlarged ? t.timeline.shrink : t.timeline.enlarge}
              onClick={props.onEnlarge}
            >
              {props.isEnlarged ? <ShrinkOutlined /> : <ExpandOutlined />}
            </button>
          )}
          <button
            type="button"
            tabIndex={-1}
            title={t.timeline.remove}
            aria-label={t.timeline.remove}
            onClick={props.onRemove}
          >
            <CloseOutlined />
          </button>
        </span>
      </header>
      <div className="pane-screen">
        <video ref={video} muted playsInline preload="auto" disablePictureInPicture />
        <img ref={image} alt="" className="pane-picture" hidden={!isPicture} />
        {state && <Veil {...props} state={state} player={player} />}
      </div>
    </section>
  );
}

/** A gap within one day says the clock, a longer one the date as well. */
function useGapWords() {
  const { t, time } = useSpeech();
  return (state: PaneState): string => {
    const { gap } = state;
    if (!gap) return t.timeline.state.gapUnknown;
    const cause = t.gapCause[gap.cause] ?? gap.cause;
    const isLong = (gap.to_ms ?? Date.now()) - gap.from_ms > DAY;
    const say = isLong ? time.stamp : time.clock;
    if (gap.to_ms === null) return t.timeline.state.gapOpen(cause, time.stamp(gap.from_ms));
    return t.timeline.state.gap(cause, say(gap.from_ms), say(gap.to_ms));
  };
}

interface VeilProps extends Props {
  state: PaneState;
  player: PanePlayer | null;
}

function Veil({ state, player, replay, camera, stream, onSub, onPurpose }: VeilProps) {
  const { t, time } = useSpeech();
  const gapWords = useGapWords();
  const words = t.timeline.state;
  const retry = (
    <Button size="small" onClick={() => player?.retry()}>
      {t.common.retry}
    </Button>
  );
  if (state.late) return <p className="pane-note">{words.late}</p>;
  switch (state.kind) {
    case "idle":
      return null;
    case "shown":
      return state.way === "pictures" && state.picture_ms !== null ? (
        <p className="pane-note">{words.pictures(time.clock(state.picture_ms))}</p>
      ) : null;
    case "loading":
      return (
        <div className="pane-veil pane-loading" role="status">
          {words.loading(time.clock(replay.wall.at()))}
        </div>
      );
    case "edge":
      return <p className="pane-note">{words.edge}</p>;
    case "gap":
      return (
        <div className="pane-veil pane-gap" role="status">
          <span>{gapWords(state)}</span>
          {state.gap?.to_ms !== null && (
            <Button size="small" ghost onClick={() => void replay.wall.jump([camera])}>
              {words.toNext}
            </Button>
          )}
        </div>
      );
    case "purpose":
      return (
        <div className="pane-veil" role="status">
          <span>{words.purpose}</span>
          <Button size="small" onClick={onPurpose}>
            {words.state_purpose}
          </Button>
        </div>
      );
    case "quota":
      return (
        <div className="pane-veil" role="alert">
          <span>{words.quota(state.problem?.in_use ?? 0, state.problem?.limit ?? 0)}</span>
          <span className="pane-buttons">
            {stream === "main" && (
              <Button size="small" onClick={onSub}>
                {words.toSub}
              </Button>
            )}
            {retry}
          </span>
        </div>
      );
    case "undecodable":
    case "failed":
      return (
        <div className="pane-veil" role="alert">
          <span>{failureWords(words, t.error.codes, state)}</span>
          {retry}
        </div>
      );
  }
}

function failureWords(
  words: ReturnType<typeof useSpeech>["t"]["timeline"]["state"],
  codes: Record<string, string>,
  state: PaneState,
): string {
  const { status = 0, code = "", message = "" } = state.problem ?? {};
  if (status === 401) return words.signedOut;
  if (status === 403) return words.denied;
  if (status === 0) return words.network;
  if (code === "media") return words.media;
  return codes[code] ?? `${message} (${code})`;
}
