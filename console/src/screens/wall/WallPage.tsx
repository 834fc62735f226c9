/** A screen on the wall of the centre: readable at three metres, nothing to press. Shows what its viewer may see. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { need } from "../../api/client";
import { useViewer } from "../../api/session";
import type { Incident, Wall, WallUnit } from "../../api/types";
import { watch } from "../../api/watch";
import { useKeys } from "../../components/keys";
import { SHAPE } from "../../components/LevelBadge";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt } from "../../i18n/format";
import { useLive } from "../../live/LiveProvider";
import { useClassNames } from "../handover/HandoverNotice";
import "./wall.css";

const REFRESH_MS = 5_000;
/** Two answers missed: what is shown is no longer how it is. */
const OLD_MS = 12_000;

export function WallPage() {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const navigate = useNavigate();
  const now = useNow();
  const { book } = useLive();
  const wall = useQuery({
    queryKey: ["wall"],
    queryFn: ({ signal }) => need(watch.wall(signal)),
    refetchInterval: REFRESH_MS,
    refetchIntervalInBackground: true,
    retry: false,
  });
  const { refetch } = wall;
  // What is new in the queue is on the wall within a second.
  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | null = null;
    const stop = book.subscribe(() => {
      soon ??= setTimeout(() => {
        soon = null;
        void refetch();
      }, 1_000);
    });
    return () => {
      stop();
      if (soon !== null) clearTimeout(soon);
    };
  }, [book, refetch]);
  useKeys({ escape: () => navigate("/") });
  useAwake();

  const old = wall.dataUpdatedAt > 0 && now - wall.dataUpdatedAt > OLD_MS;
  return (
    <section
      className={old ? "wall wall-old" : "wall"}
      data-wall={wall.data ? "shown" : "none"}
      aria-label={t.nav.wall}
      // On a small screen it scrolls, by key too.
      tabIndex={0}
    >
      <header>
        <h1>{viewer.site.name}</h1>
        {(old || wall.isError) && (
          <p className="wall-stale" role="alert">
            {wall.dataUpdatedAt > 0 ? t.wall.stale(time.clock(wall.dataUpdatedAt)) : t.wall.failed}
          </p>
        )}
        <time>{time.clock(now)}</time>
        <span className="wall-date">{time.date(now)}</span>
      </header>
      {wall.data && <Shown wall={wall.data} now={now + (wall.data.now_ms - wall.dataUpdatedAt)} />}
    </section>
  );
}

/** A screen that goes dark shows nothing; where the browser cannot be asked, its settings decide. */
function useAwake(): void {
  const [, setLock] = useState<WakeLockSentinel | null>(null);
  useEffect(() => {
    if (!("wakeLock" in navigator)) return;
    let gone = false;
    let held: WakeLockSentinel | null = null;
    const ask = () =>
      void navigator.wakeLock.request("screen").then(
        (lock) => {
          if (gone) return void lock.release();
          held = lock;
          setLock(lock);
        },
        () => undefined,
      );
    const again = () => document.visibilityState === "visible" && ask();
    ask();
    document.addEventListener("visibilitychange", again);
    return () => {
      gone = true;
      document.removeEventListener("visibilitychange", again);
      void held?.release();
    };
  }, []);
}

/** `now` by the gateway's clock: elapsed and remaining times are its. */
function Shown({ wall, now }: { wall: Wall; now: number }) {
  const { t } = useSpeech();
  const w = t.wall;
  const total = wall.counts.reduce((sum, count) => sum + count.n, 0);
  const of = (level: number, state?: string) =>
    wall.counts
      .filter((count) => count.level === level && (state === undefined || count.state === state))
      .reduce((sum, count) => sum + count.n, 0);
  return (
    <>
      <section className="wall-levels">
        {[1, 2, 3, 4].map((level) => (
          <div key={level} className={`wall-level wall-level-${level} ${of(level) > 0 ? "" : "wall-zero"}`}>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d={SHAPE[level] ?? SHAPE[4]} />
            </svg>
            <span className="wall-word">{t.level[level]}</span>
            <b>{of(level)}</b>
            <span>
              {w.fresh} {of(level, "new")}
            </span>
          </div>
        ))}
        <div className="wall-level">
          <span className="wall-word">{w.total}</span>
          <b>{total}</b>
          <span className={wall.n_overdue > 0 ? "wall-late" : ""}>
            {w.overdue} {wall.n_overdue}
          </span>
        </div>
      </section>
      <section className="wall-urgent">
        <h2>{w.urgent}</h2>
        {wall.urgent.length === 0 && <p className="wall-none">{w.none}</p>}
        <ol>
          {wall.urgent.map((incident) => (
            <Row key={incident.id} incident={incident} now={now} />
          ))}
        </ol>
      </section>
      <aside className="wall-side">
        <section>
          <h2>{w.units}</h2>
          {wall.units.length === 0 && <p className="wall-none">{w.noUnits}</p>}
          <ul>
            {wall.units.map((unit) => (
              <Unit key={unit.name} unit={unit} />
            ))}
          </ul>
        </section>
        <section>
          <h2>{w.cameras}</h2>
          {wall.cameras.n === 0 ? (
            <p className="wall-none">{w.hiddenCameras}</p>
          ) : (
            <>
              <p className={wall.cameras.n_faulty > 0 ? "wall-cameras wall-late" : "wall-cameras"}>
                {wall.cameras.n_faulty === 0 ? w.allGood : w.broken(wall.cameras.n_faulty)}
                <span>{w.of(wall.cameras.streaming, wall.cameras.n)}</span>
              </p>
              <ul>
                {wall.cameras.faulty.slice(0, 6).map((fault) => (
                  <li key={fault.camera}>
                    <span>{fault.camera}</span>
                    <span className="wall-late">
                      {t.stream[fault.state] ?? fault.state}
                      {fault.since_ms !== undefined && ` ${age(t, now - fault.since_ms)}`}
                    </span>
                  </li>
                ))}
              </ul>
              {wall.cameras.n_faulty > 6 && <p className="wall-none">{w.more(wall.cameras.n_faulty - 6)}</p>}
            </>
          )}
        </section>
      </aside>
    </>
  );
}

function Row({ incident, now }: { incident: Incident; now: number }) {
  const { t } = useSpeech();
  const w = t.wall;
  const className = useClassNames();
  const left = incident.deadline_ms === undefined ? null : incident.deadline_ms - now;
  return (
    <li className={`wall-row wall-row-${incident.level}`} data-incident={incident.id}>
      <svg viewBox="0 0 20 20" aria-label={t.level[incident.level]} role="img">
        <path d={SHAPE[incident.level] ?? SHAPE[4]} />
      </svg>
      <span className="wall-what">
        <b>{className(incident.class)}</b>
        <span>{[seenAt(incident), incident.area_name].filter(Boolean).join(" · ")}</span>
      </span>
      <span className="wall-state">{t.state[incident.state] ?? incident.state}</span>
      <span className="wall-time">{w.since(age(t, now - incident.opened_ms))}</span>
      <span className={left !== null && left <= 0 ? "wall-time wall-late" : "wall-time"}>
        {left === null ? w.noDeadline : left > 0 ? w.left(age(t, left)) : w.over(age(t, -left))}
      </span>
    </li>
  );
}

function Unit({ unit }: { unit: WallUnit }) {
  const { t } = useSpeech();
  const w = t.wall;
  const parts = [
    [w.told, unit.told, "wall-late"],
    [w.signed, unit.signed, ""],
    [w.arrived, unit.arrived, ""],
    [w.finished, unit.finished, ""],
  ] as const;
  return (
    <li>
      <span>{unit.name}</span>
      <span className="wall-parts">
        {parts
          .filter(([, n]) => n > 0)
          .map(([word, n, look]) => (
            <span key={word} className={look}>
              {word} <b>{n}</b>
            </span>
          ))}
      </span>
    </li>
  );
}
