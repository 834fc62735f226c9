import { Tooltip } from "antd";
import type { KeyboardEvent, PointerEvent } from "react";
import type { Alarm, Clip } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { position, seconds } from "../../i18n/format";
import { gapMarks, offsetAt } from "../../media/spans";

interface Props {
  clip: Clip;
  alarms: readonly Alarm[];
  position_s: number;
  duration_s: number;
  onSeek: (position_s: number) => void;
}

/** The clip from end to end: when each alarm ran, where it began, what is missing. */
export function Timeline({ clip, alarms, position_s, duration_s, onSeek }: Props) {
  const { t, time } = useSpeech();
  const length = Math.max(0.1, duration_s);
  const share = (s: number) => `${Math.min(100, Math.max(0, (s / length) * 100))}%`;

  const seek = (event: PointerEvent<HTMLDivElement>) => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const box = event.currentTarget.getBoundingClientRect();
    onSeek(((event.clientX - box.left) / box.width) * length);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Home") onSeek(0);
    if (event.key === "End") onSeek(length);
  };

  const spans = alarms.flatMap((alarm) => {
    const from = offsetAt(clip.spans, alarm.began_ms, clip.duration_s);
    const to = offsetAt(clip.spans, alarm.ended_ms ?? clip.end_ms, clip.duration_s);
    return from === null || to === null || to <= from ? [] : [{ id: alarm.id, from, to }];
  });
  const begin = clip.alarm_begin_offset_s;
  const distance = position_s - begin;
  return (
    <div className="timeline">
      <div
        className="timeline-bar"
        role="slider"
        tabIndex={0}
        aria-label={t.player.seek}
        aria-valuemin={0}
        aria-valuemax={Math.round(length)}
        aria-valuenow={Math.round(position_s)}
        aria-valuetext={position(position_s)}
        onPointerDown={seek}
        onPointerMove={seek}
        onKeyDown={onKey}
      >
        <i className="timeline-played" style={{ width: share(position_s) }} />
        {spans.map((span) => (
          <i
            key={span.id}
            className="timeline-alarm"
            style={{ left: share(span.from), width: share(span.to - span.from) }}
          />
        ))}
        {gapMarks(clip.spans, clip.gaps, clip.duration_s).map(({ at_s, gap }) => (
          <Tooltip
            key={gap.from_ms}
            title={t.player.gap(
              seconds(t, (gap.to_ms - gap.from_ms) / 1000),
              t.gapCause[gap.cause] ?? gap.cause,
            )}
          >
            <i className="timeline-gap" style={{ left: share(at_s) }} />
          </Tooltip>
        ))}
        <i className="timeline-begin" style={{ left: share(begin) }} />
        <i className="timeline-head" style={{ left: share(position_s) }} />
      </div>
      <div className="timeline-words">
        <span>{time.clock(clip.start_ms)}</span>
        <span className="timeline-distance">
          {distance < 0 ? t.player.before(seconds(t, -distance)) : t.player.after(seconds(t, distance))}
        </span>
        <span>{time.clock(clip.end_ms)}</span>
      </div>
    </div>
  );
}
