import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { STALE_MS } from "../../live/eventLink";
import { useLive } from "../../live/LiveProvider";

/** Whether what is on the screen is live. */
export function LinkState() {
  const { t, time } = useSpeech();
  const { link } = useLive();
  const now = useNow();
  const stale = link.lastByteMs !== null && now - link.lastByteMs > STALE_MS;
  const look = stale ? "stale" : link.phase;
  const word =
    look === "live" ? t.link.live : look === "connecting" ? t.link.connecting : t.link.reconnecting;
  const since = link.lastByteMs === null ? "" : time.clock(link.lastByteMs);
  return (
    <span className={`link-state link-${look}`} role="status" title={since} data-link={look}>
      <i aria-hidden="true" /> <span className="wide">{word}</span>
    </span>
  );
}
