import { App } from "antd";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { STALE_MS } from "../../live/eventLink";
import { useLive } from "../../live/LiveProvider";
import { onReach, reachNow } from "../../live/reach";

/** A link that comes back at once is no reason to alarm anybody. */
const GRACE_MS = 3_000;

/**
 * What is on the screen is not how it is: amber as soon as the link is lost, red when nothing was heard for 45 s. The
 * page below is greyed, and it is said when all is live again.
 */
export function StaleBanner() {
  const { t, time } = useSpeech();
  const { link, sounder } = useLive();
  const { message } = App.useApp();
  const now = useNow();
  const { lastByteMs, phase, failures } = link;
  const silent_ms = lastByteMs === null ? null : now - lastByteMs;
  const stale = silent_ms !== null && silent_ms > STALE_MS;
  const lost = phase === "reconnecting" && (silent_ms ?? 0) > GRACE_MS;
  const never = lastByteMs === null && failures > 1;
  const shown = stale || lost || never;

  useGrey(shown);
  const before = useRef(false);
  useEffect(() => {
    if (before.current && !shown) message.success(t.link.back, 4);
    if (!before.current && shown) sounder.linkLost();
    before.current = shown;
  }, [shown, sounder, message, t]);

  if (!shown) return null;
  const since = lastByteMs === null ? "" : time.clock(lastByteMs);
  return (
    <div className={stale || never ? "stale" : "stale stale-lost"} role="alert" data-link-lost>
      {never ? t.link.never : stale ? t.link.stale(since) : t.link.lost(since)}
    </div>
  );
}

/** For roles without a live link: what the last requests came to. */
export function ReachBanner() {
  const { t, time } = useSpeech();
  const reach = useSyncExternalStore(onReach, reachNow);
  useGrey(reach.down_ms !== null);
  if (reach.down_ms === null) return null;
  return (
    <div className="stale" role="alert">
      {t.link.unreachable(time.clock(reach.down_ms))}
    </div>
  );
}

function useGrey(stale: boolean): void {
  useEffect(() => {
    document.body.classList.toggle("is-stale", stale);
    return () => document.body.classList.remove("is-stale");
  }, [stale]);
}
