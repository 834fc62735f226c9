/** One line that says what the clock did by itself, whom it waits for, and what lies under the head. */
import { useEffect, useRef, useState } from "react";
import type { TimelineRow } from "../../api/recordings";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { type CauseFamily, FAMILIES, thingAt } from "../../timeline/bands";
import { DAY } from "../../timeline/scale";
import { paintSwatch } from "./drawStrip";
import { ThingWords } from "./StripTip";
import { useWallState, type WallStore } from "./useWall";

const SHOWN_MS = 8_000;
/** An alarm is named while the head is so near to its begin. */
const NEAR_MS = 3_000;

export function Notices({
  store,
  nameOf,
  row,
}: {
  store: WallStore;
  nameOf: (camera: string) => string;
  row: TimelineRow | undefined;
}) {
  const { t, time } = useSpeech();
  const notice = useWallState(store, (s) => s.notice);
  const waiting = useWallState(store, (s) => s.waitingFor.join("\n"));
  const second = useWallState(store, (s) => Math.floor(s.at_ms / 1_000));
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setSeen(notice.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);

  let words: string | null = null;
  if (waiting !== "") words = t.timeline.waitingFor(waiting.split("\n").map(nameOf).join("、"));
  else if (notice && notice.id !== seen) {
    if (notice.kind === "jumped") {
      const { from_ms, to_ms } = notice.over;
      const say = to_ms - from_ms > DAY / 2 ? time.stamp : time.clock;
      words = t.timeline.jumped(say(from_ms), say(to_ms));
    } else words = notice.kind === "no_more" ? t.timeline.noMore : t.timeline.cannotAsk;
  }
  const thing = row ? thingAt(row, second * 1_000, NEAR_MS) : null;
  return (
    <p className="notices" role="status">
      {words !== null && <b className="notices-words">{words}</b>}
      {words === null && row && thing?.kind === "alarm" && (
        <span>
          {row.name} · <ThingWords thing={thing} />
        </span>
      )}
    </p>
  );
}

export function Legend({ withAlarms }: { withAlarms: boolean }) {
  const { t } = useSpeech();
  return (
    <footer className="legend" aria-label={t.timeline.legend}>
      <span>
        <i className="legend-recorded" /> {t.timeline.legendRecorded}
      </span>
      {FAMILIES.map((family) => (
        <span key={family}>
          <Swatch family={family} /> {t.timeline.family[family]}
        </span>
      ))}
      <span>
        <i className="legend-hold" /> {t.timeline.legendHold}
      </span>
      {withAlarms && [1, 2, 3, 4].map((level) => <LevelBadge key={level} level={level} />)}
    </footer>
  );
}

function Swatch({ family }: { family: CauseFamily }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paintSwatch(canvas.current, family);
  }, [family]);
  return <canvas ref={canvas} width={22} height={12} aria-hidden="true" />;
}
