/** In the header of other pages than the queue: consoles of colleagues whose alarm would not be heard. */
import { Link, useLocation } from "react-router";
import { useSpeech } from "../../i18n/context";
import { useLive } from "../../live/LiveProvider";

export function DeafNotice() {
  const { t } = useSpeech();
  const { pathname } = useLocation();
  const { deaf } = useLive().beside;
  if (deaf.length === 0 || pathname === "/queue") return null;
  return (
    <Link to="/queue" className="header-handover wide" title={t.beside.deaf.title(deaf.length)}>
      {t.beside.deaf.header(deaf.length)}
    </Link>
  );
}
