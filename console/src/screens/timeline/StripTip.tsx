/** What lies under the pointer, in words and with its picture. */
import type { Stream, TimelineRow } from "../../api/recordings";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { severityOf, type Thing, thingAt } from "../../timeline/bands";
import { lengthWords } from "../../timeline/words";
import { useThumbnail } from "./useThumbnail";
import type { Replay } from "./useWall";

interface Props {
  replay: Replay;
  row: TimelineRow | undefined;
  at_ms: number;
  /** One pixel. */
  grain_ms: number;
  left: number;
  width: number;
  stream: Stream;
  withPicture: boolean;
}

const TIP_PX = 256;

export function StripTip({ replay, row, at_ms, grain_ms, left, width, stream, withPicture }: Props) {
  const { time } = useSpeech();
  const thing: Thing = row ? thingAt(row, at_ms, grain_ms * 3) : { kind: "nothing" };
  const isThere = thing.kind === "recorded" || thing.kind === "alarm";
  const grid = Math.max(1_000, grain_ms * 2);
  const instant = thing.kind === "alarm" ? thing.alarm.from_ms : Math.round(at_ms / grid) * grid;
  const wish = row && withPicture && isThere ? { camera: row.camera, at_ms: instant } : null;
  const picture = useThumbnail(replay, wish, stream);
  const x = Math.min(Math.max(0, left - TIP_PX / 2), Math.max(0, width - TIP_PX));
  const hold = row?.holds.find((h) => at_ms >= h.from_ms && at_ms < h.to_ms);
  return (
    <div className="strip-tip" style={{ left: `calc(var(--names) + ${x}px)` }} role="status">
      {picture && <img src={picture.url} alt="" />}
      <b>{time.stamp(at_ms)}</b>
      {row && (
        <>
          <span className="strip-tip-name">{row.name}</span>
          <ThingWords thing={thing} />
          {hold && <HoldWords caseNumber={hold.case_number} />}
        </>
      )}
    </div>
  );
}

function HoldWords({ caseNumber }: { caseNumber: string }) {
  const { t } = useSpeech();
  return <span>{t.timeline.holdTip(caseNumber)}</span>;
}

export function ThingWords({ thing }: { thing: Thing }) {
  const { t, time } = useSpeech();
  const words = t.timeline;
  if (thing.kind === "recorded") return <span>{words.recordedTip}</span>;
  if (thing.kind === "nothing") return <span>{words.nothingTip}</span>;
  if (thing.kind === "alarm") {
    const { alarm } = thing;
    const kind = t.incidentClass[alarm.kind] ?? alarm.kind;
    const level = severityOf(alarm.level);
    return (
      <span className="strip-tip-alarm">
        <LevelBadge level={level} /> {alarm.n > 1 ? words.alarmTip("", kind, alarm.n) : kind}{" "}
        {time.clock(alarm.from_ms)}
      </span>
    );
  }
  const { gap } = thing;
  const cause = t.gapCause[gap.cause] ?? gap.cause;
  const length = (gap.to_ms ?? Date.now()) - gap.from_ms;
  const to = gap.to_ms === null ? words.soFar : time.stamp(gap.to_ms);
  return (
    <span>
      {words.gapTip(cause, time.stamp(gap.from_ms), to, lengthWords(t, length))}
      {(gap.n ?? 1) > 1 && <> · {words.gapTipMany(gap.n ?? 1, lengthWords(t, gap.missing_ms ?? length))}</>}
    </span>
  );
}
