import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { STALE_MS } from "../../live/eventLink";
import { useLive } from "../../live/LiveProvider";

/** In red, as soon as nothing has been heard for 45 s: what is on the screen may be wrong. */
export function StaleBanner() {
  const { t, time } = useSpeech();
  const { link } = useLive();
  const now = useNow();
  if (link.lastByteMs === null || now - link.lastByteMs <= STALE_MS) return null;
  return (
    <div className="stale" role="alert">
      {t.link.stale(time.clock(link.lastByteMs))}
    </div>
  );
}
