/** The page itself, once the cameras are known: panes, transport, strip, and what the keys do. */
import { App, Button, Empty } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Reason, recordings, type Stream, type TimelineRow } from "../../api/recordings";
import { mayWatch, useViewer } from "../../api/session";
import { HelpDialog } from "../../components/HelpDialog";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import type { PanePlayer } from "../../media/replay/PanePlayer";
import type { LatePolicy } from "../../media/replay/ReplayWall";
import { type Address, MOST_PANES } from "../../timeline/address";
import { columnsFor, rowsFor } from "../../timeline/grid";
import { nextSpan } from "../../timeline/scale";
import { SPEEDS } from "../../timeline/steer";
import { zoneOffset } from "../../timeline/ticks";
import { useAreas } from "../accounts/useAreas";
import { CameraPicker } from "./CameraPicker";
import { DeskTools, MarkTools } from "./DeskTools";
import { GoToDialog, PurposeDialog } from "./dialogs";
import { HoldDialog } from "./HoldDialog";
import { HoldsDrawer } from "./HoldsDrawer";
import { Legend, Notices } from "./Notices";
import { Pane } from "./Pane";
import { Strip, type StripHandle } from "./Strip";
import { Transport } from "./Transport";
import { useAddress } from "./useAddress";
import { useDeskKeys } from "./useDeskKeys";
import { useTimelineRows } from "./useTimelineRows";
import { useReplay } from "./useWall";

export type Asking = "cameras" | "goto" | "purpose" | "hold" | "holds" | "help" | null;

interface Props {
  address: Address & { at_ms: number };
  list: readonly TimelineRow[];
  skew_ms: number;
  onAddress: (params: URLSearchParams) => void;
}

export function Desk({ address, list, skew_ms, onAddress }: Props) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const viewer = useViewer();
  const areas = useAreas();
  const watches = mayWatch(viewer.role);
  const [cameras, setCameras] = useState(() =>
    address.cameras.filter((id) => list.some((row) => row.camera === id)),
  );
  const [stream, setStream] = useState<Stream>(address.stream);
  const [subs, setSubs] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(cameras[0] ?? null);
  const [enlarged, setEnlarged] = useState(false);
  const [overview, setOverview] = useState(cameras.length === 0);
  const [reason, setReason] = useState<Reason | null>(null);
  const [asking, setAsking] = useState<Asking>(null);
  const [marks, setMarks] = useState<{ in_ms: number | null; out_ms: number | null }>({
    in_ms: null,
    out_ms: null,
  });
  const [late, setLate] = useState<LatePolicy>("wait");
  const [ask, setAsk] = useState<{ from_ms: number; to_ms: number } | null>(null);
  const strip = useRef<StripHandle>(null);
  const players = useRef(new Map<string, PanePlayer>());
  const replay = useReplay(address.at_ms, skew_ms, stream, reason);
  const offsetAt = useMemo(() => zoneOffset(viewer.site.timezone), [viewer.site.timezone]);
  const showsAll = overview || !watches || cameras.length === 0;
  const { rows } = useTimelineRows(
    { ask, cameras: showsAll ? undefined : cameras, stream, now: () => Date.now() + skew_ms },
    list,
  );
  useAddress({ replay, address, cameras, stream, strip, onAddress });
  useEffect(() => replay?.wall.setPolicy(late), [replay, late]);
  useEffect(() => replay?.wall.setSpeed(address.speed), [replay, address.speed]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new reason is why the panes ask again.
  useEffect(() => {
    for (const player of players.current.values()) if (player.state.kind === "purpose") player.retry();
  }, [reason]);

  const nameOf = (id: string) => list.find((row) => row.camera === id)?.name ?? id;
  const change = (next: string[]) => {
    setCameras(next);
    if (focused === null || !next.includes(focused)) setFocused(next[next.length - 1] ?? null);
    if (next.length < 2) setEnlarged(false);
    // The first choice is the way from the overview to the panes.
    if (next.length === 0) setOverview(true);
  };
  const toggleRow = (camera: string) => {
    if (!watches) return;
    if (!cameras.includes(camera)) {
      if (cameras.length >= MOST_PANES) message.info(t.timeline.chooseHint(MOST_PANES));
      else change([...cameras, camera]);
    } else if (showsAll && focused === camera) change(cameras.filter((id) => id !== camera));
    setFocused(camera);
  };
  const seek = (at_ms: number) => {
    replay?.wall.seek(at_ms);
    strip.current?.reveal(Math.min(at_ms, Date.now() + skew_ms));
  };
  const toAlarm = async (direction: "next" | "previous") => {
    if (!replay || cameras.length === 0) return;
    // From a little beside the instant, or the alarm that was just reached is found again.
    const at = replay.wall.at() + (direction === "next" ? 1 : -1_000);
    const answer = await recordings.nextAlarm(cameras, at, direction);
    if (answer.kind === "ok") {
      seek(answer.value.at_ms);
      setFocused(answer.value.camera);
    } else if (answer.kind === "error") {
      const isNone = answer.problem.status === 404;
      const none = direction === "next" ? t.timeline.noNextAlarm : t.timeline.noPreviousAlarm;
      message.info(isNone ? none : problemText(t, answer.problem));
    }
  };
  const toEdge = () => {
    const ends = list.filter((row) => cameras.includes(row.camera)).map((row) => row.until_ms ?? 0);
    const now = Date.now() + skew_ms;
    // The list is a minute old: a camera that recorded then is taken to record now.
    const newest = Math.max(0, ...ends);
    seek(newest > now - 180_000 || newest === 0 ? now - 15_000 : newest - 2_000);
  };
  const mark = (which: "in_ms" | "out_ms") => {
    if (!replay) return;
    const at = replay.wall.at();
    setMarks((before) => {
      const next = { ...before, [which]: at };
      // The later mark wins: a stretch never ends before it begins.
      if (next.in_ms !== null && next.out_ms !== null && next.in_ms >= next.out_ms)
        next[which === "in_ms" ? "out_ms" : "in_ms"] = null;
      return next;
    });
  };
  const stretch =
    marks.in_ms !== null && marks.out_ms !== null ? { from_ms: marks.in_ms, to_ms: marks.out_ms } : null;
  const askHold = () => {
    if (stretch && cameras.length > 0) setAsking("hold");
    else message.info(t.hold.needMarks);
  };
  const setSpeedBy = (by: 1 | -1) => {
    if (!replay) return;
    const at = SPEEDS.indexOf(replay.wall.clock.speed);
    const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))];
    if (next !== undefined) replay.wall.setSpeed(next);
  };
  const actions = {
    toggle: () => cameras.length > 0 && replay?.wall.toggle(),
    skip: (by_ms: number) => seek((replay?.wall.at() ?? 0) + by_ms),
    step: (by: 1 | -1) => replay?.wall.stepFrame(by, players.current.get(focused ?? "")),
    setSpeed: (speed: number) => replay?.wall.setSpeed(speed),
    alarm: (direction: "next" | "previous") => void toAlarm(direction),
    toEdge,
    askGoTo: () => setAsking("goto"),
    speedBy: setSpeedBy,
    zoom: (by: 1 | -1) => strip.current?.zoomTo(nextSpan(strip.current.span(), by)),
    focus: (n: number) => cameras[n - 1] !== undefined && setFocused(cameras[n - 1] ?? null),
    enlarge: () => cameras.length > 1 && setEnlarged((before) => !before),
    mark,
    hold: askHold,
    ask: setAsking,
  };
  useDeskKeys(actions, watches, asking === null, enlarged);

  if (!replay) return null;
  const close = () => setAsking(null);
  return (
    <div className={watches ? "desk" : "desk desk-list"}>
      {watches && (
        <div
          className={enlarged ? "panes panes-one" : "panes"}
          style={
            {
              "--columns": columnsFor(cameras.length),
              "--rows": rowsFor(cameras.length),
            } as React.CSSProperties
          }
        >
          {cameras.map((camera, i) => (
            <Pane
              key={camera}
              replay={replay}
              camera={camera}
              name={nameOf(camera)}
              stream={subs.has(camera) ? "sub" : stream}
              number={i + 1}
              isFocused={camera === focused}
              isEnlarged={enlarged && camera === focused}
              isHidden={enlarged && camera !== focused}
              canEnlarge={cameras.length > 1}
              onFocus={() => setFocused(camera)}
              onEnlarge={() => {
                setFocused(camera);
                setEnlarged((before) => !before);
              }}
              onRemove={() => change(cameras.filter((id) => id !== camera))}
              onSub={() => setSubs((before) => new Set(before).add(camera))}
              onPurpose={() => setAsking("purpose")}
              onPlayer={(id, player) => {
                if (player) players.current.set(id, player);
                else players.current.delete(id);
              }}
            />
          ))}
          {cameras.length === 0 && (
            <Empty
              image={Empty.PRESENTED_IMAGE_SIMPLE}
              description={list.length ? t.timeline.none : t.timeline.noCameras}
            >
              <p className="muted">{list.length > 0 && t.timeline.noneHint}</p>
              {list.length > 0 && (
                <Button type="primary" onClick={() => setAsking("cameras")}>
                  {t.timeline.choose} <kbd>C</kbd>
                </Button>
              )}
            </Empty>
          )}
        </div>
      )}
      {watches ? (
        <Transport store={replay.store} actions={actions} canStep={cameras.length > 0}>
          <MarkTools
            marks={marks}
            actions={actions}
            onUnmark={() => setMarks({ in_ms: null, out_ms: null })}
          />
        </Transport>
      ) : (
        <p className="desk-only muted">{t.timeline.listOnly}</p>
      )}
      <div className="desk-row">
        <Notices store={replay.store} nameOf={nameOf} row={rows.find((row) => row.camera === focused)} />
        {watches && (
          <DeskTools
            stream={stream}
            late={late}
            reason={reason}
            chosen={cameras.length}
            overview={showsAll}
            canNarrow={cameras.length > 0}
            actions={actions}
            onOverview={setOverview}
            onStream={(next) => {
              setSubs(new Set());
              setStream(next);
            }}
            onLate={setLate}
          />
        )}
      </div>
      <Strip
        replay={replay}
        rows={rows}
        stream={stream}
        initialSpan_ms={address.span_ms}
        focused={focused}
        chosen={cameras}
        in_ms={marks.in_ms}
        out_ms={marks.out_ms}
        mayWatch={watches}
        handle={strip}
        onRow={toggleRow}
        onSeek={(at_ms) => replay.wall.seek(at_ms)}
        onAsk={setAsk}
      />
      <Legend withAlarms={watches} />
      {asking === "cameras" && (
        <CameraPicker rows={list} areas={areas.all} chosen={cameras} onChange={change} onClose={close} />
      )}
      {asking === "goto" && (
        <GoToDialog
          at_ms={replay.wall.at()}
          now_ms={replay.now()}
          offsetAt={offsetAt}
          onGo={(at_ms) => {
            close();
            seek(at_ms);
          }}
          onCancel={close}
        />
      )}
      {asking === "purpose" && (
        <PurposeDialog
          reason={reason}
          onDone={(given) => {
            setReason(given);
            close();
          }}
          onCancel={close}
        />
      )}
      {asking === "hold" && stretch && (
        <HoldDialog
          stretch={stretch}
          cameras={cameras.map((id) => ({ id, name: nameOf(id) }))}
          focused={focused}
          caseNumber={reason?.case ?? ""}
          now_ms={replay.now()}
          offsetAt={offsetAt}
          onDone={close}
          onCancel={close}
        />
      )}
      {asking === "holds" && (
        <HoldsDrawer
          nameOf={nameOf}
          now_ms={replay.now()}
          onShow={(hold) => {
            close();
            if (!cameras.includes(hold.camera)) change([...cameras, hold.camera].slice(-MOST_PANES));
            setFocused(hold.camera);
            setMarks({ in_ms: hold.from_ms, out_ms: hold.to_ms });
            seek(hold.from_ms);
          }}
          onClose={close}
        />
      )}
      {asking === "help" && <HelpDialog onClose={close} first="timeline" />}
    </div>
  );
}
