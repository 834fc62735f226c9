/** The timeline under the panes: one row per camera, from a minute to thirty days. */
import { type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import type { Stream, TimelineRow } from "../../api/recordings";
import { useViewer } from "../../api/session";
import { useSpeech } from "../../i18n/context";
import { visibleRows } from "../../timeline/bands";
import { askFor, centred, following, keepBefore, timeAt, type View, xOf, zoomAt } from "../../timeline/scale";
import { ticks, zoneOffset } from "../../timeline/ticks";
import { drawStrip, ROW_PX, RULER_PX } from "./drawStrip";
import { StripTip } from "./StripTip";
import { useGestures } from "./useGestures";
import type { Replay } from "./useWall";

export interface StripHandle {
  /** Brings an instant into the middle, if it is not in sight or `always`. */
  reveal: (at_ms: number, always?: boolean) => void;
  zoomTo: (span_ms: number) => void;
  span: () => number;
}

interface Props {
  replay: Replay;
  rows: readonly TimelineRow[];
  stream: Stream;
  initialSpan_ms: number;
  focused: string | null;
  chosen: readonly string[];
  in_ms: number | null;
  out_ms: number | null;
  mayWatch: boolean;
  handle: Ref<StripHandle>;
  onRow: (camera: string) => void;
  onSeek: (at_ms: number) => void;
  /** The stretch that is to be asked for changes seldom; told when it does. */
  onAsk: (ask: { from_ms: number; to_ms: number }) => void;
}

export function Strip(props: Props) {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const { replay, rows, handle } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [scroll, setScroll] = useState(0);
  const [hover, setHover] = useState<{ x: number; y: number } | null>(null);
  const view = useRef<View>(centred(replay.wall.at(), props.initialSpan_ms));
  const dirty = useRef(true);
  const asked = useRef("");
  const latest = useRef(props);
  latest.current = props;
  /** A hand on the strip: the page is not turned under it. */
  const touched = useRef(0);

  const setView = (next: View) => {
    view.current = keepBefore(next, replay.now());
    dirty.current = true;
    const ask = askFor(view.current);
    const key = `${ask.from_ms}-${ask.to_ms}`;
    if (key !== asked.current) {
      asked.current = key;
      latest.current.onAsk(ask);
    }
  };
  const move = useRef(setView);
  move.current = setView;
  const setByHand = (next: View) => {
    touched.current = performance.now();
    setView(next);
  };
  useEffect(() => move.current(view.current), []);

  useImperativeHandle(handle, () => ({
    reveal: (at_ms, always = false) => {
      const share = (at_ms - view.current.from_ms) / view.current.span_ms;
      if (always || share < 0.02 || share > 0.98) move.current(centred(at_ms, view.current.span_ms));
    },
    zoomTo: (span_ms) => {
      const head = replay.wall.at();
      const share = (head - view.current.from_ms) / view.current.span_ms;
      const at = share >= 0 && share <= 1 ? head : view.current.from_ms + view.current.span_ms / 2;
      move.current(zoomAt(view.current, at, span_ms / view.current.span_ms));
    },
    span: () => view.current.span_ms,
  }));

  useGestures(canvas, {
    view: () => view.current,
    setView: setByHand,
    headX: () => xOf(view.current, size.width, replay.wall.at()),
    onClick: (at_ms, y) => {
      const row = y >= RULER_PX ? rows[Math.floor((y - RULER_PX + scroll) / ROW_PX)] : undefined;
      if (row && props.chosen.includes(row.camera)) props.onRow(row.camera);
      props.onSeek(at_ms);
    },
    onScrub: (at_ms) => {
      touched.current = performance.now();
      props.onSeek(at_ms);
    },
    onHover: (at) => {
      dirty.current = true;
      setHover(at);
    },
  });

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const offsetAt = useMemo(() => zoneOffset(viewer.site.timezone), [viewer.site.timezone]);
  const shown = visibleRows(rows.length, ROW_PX, scroll, size.height - RULER_PX);
  const paint = useRef<(head_ms: number) => void>(() => undefined);
  paint.current = (head_ms) => {
    const ctx = canvas.current?.getContext("2d");
    if (!ctx || size.width === 0) return;
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(size.width * scale), Math.round(size.height * scale)];
    if (ctx.canvas.width !== wide || ctx.canvas.height !== high)
      Object.assign(ctx.canvas, { width: wide, height: high });
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    const isFine = view.current.span_ms < 5 * 60_000;
    drawStrip(ctx, {
      view: view.current,
      ...size,
      rows,
      ...shown,
      scroll,
      ticks: ticks(view.current, size.width, offsetAt),
      label: (tick) =>
        tick.rank === "day" ? time.day(tick.at_ms) : (isFine ? time.clock : time.minute)(tick.at_ms),
      head_ms,
      now_ms: replay.now(),
      in_ms: props.in_ms,
      out_ms: props.out_ms,
      focused: props.focused,
      hover_ms: hover ? timeAt(view.current, size.width, hover.x) : null,
    });
  };
  dirty.current = true;

  useEffect(() => {
    let drawnHead = Number.NaN;
    let frame = 0;
    const run = () => {
      const head = replay.wall.at();
      const width = canvas.current?.clientWidth ?? 1;
      if (replay.wall.isPlaying && performance.now() - touched.current > 4_000) {
        const turned = following(view.current, head);
        if (turned !== view.current) move.current(turned);
      }
      const moved = Math.abs(head - drawnHead) / view.current.span_ms > 0.5 / width;
      if (dirty.current || moved || Number.isNaN(drawnHead)) {
        dirty.current = false;
        drawnHead = head;
        paint.current(head);
      }
      frame = requestAnimationFrame(run);
    };
    frame = requestAnimationFrame(run);
    return () => cancelAnimationFrame(frame);
  }, [replay]);

  const hoverRow =
    hover && hover.y >= RULER_PX ? rows[Math.floor((hover.y - RULER_PX + scroll) / ROW_PX)] : undefined;
  return (
    <div className="strip">
      <div
        className="strip-scroll"
        ref={scroller}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        <div className="strip-inner" style={{ height: rows.length * ROW_PX + RULER_PX }}>
          <div className="strip-names">
            {rows.slice(shown.first, shown.last + 1).map((row, i) => (
              <button
                key={row.camera}
                type="button"
                className={nameClass(props, row.camera)}
                style={{ top: RULER_PX + (shown.first + i) * ROW_PX, height: ROW_PX }}
                title={row.name}
                aria-pressed={props.chosen.includes(row.camera)}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => props.onRow(row.camera)}
              >
                {props.chosen.includes(row.camera) && <kbd>{props.chosen.indexOf(row.camera) + 1}</kbd>}
                <span>{row.name}</span>
              </button>
            ))}
          </div>
          <canvas
            ref={canvas}
            className="strip-canvas"
            role="img"
            aria-label={t.timeline.strip}
            data-testid="strip"
          />
        </div>
      </div>
      {hover && size.width > 0 && (
        <StripTip
          replay={replay}
          row={hoverRow}
          at_ms={timeAt(view.current, size.width, hover.x)}
          grain_ms={view.current.span_ms / size.width}
          left={hover.x}
          width={size.width}
          stream={props.stream}
          withPicture={props.mayWatch}
        />
      )}
    </div>
  );
}

function nameClass(props: Props, camera: string): string {
  const classes = ["strip-name"];
  if (props.chosen.includes(camera)) classes.push("strip-chosen");
  if (props.focused === camera) classes.push("strip-focused");
  return classes.join(" ");
}
