/** Recordings on one clock: up to nine panes over a timeline. The address says what is shown. */
import { useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { useViewer } from "../../api/session";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { readAddress } from "../../timeline/address";
import { Desk } from "./Desk";
import { useCameraList } from "./useTimelineRows";
import "./timeline.css";

/** Without an instant in the address: a little before now, where footage surely is. */
const BEFORE_NOW_MS = 60_000;
const REMEMBERED = 20;

export function TimelinePage() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const [params, setParams] = useSearchParams();
  const list = useCameraList();
  const text = params.toString();
  /** What the page wrote itself, the newest last: on a busy computer the router may be a few behind. */
  const written = useRef([text]);
  const [entry, setEntry] = useState(0);
  useEffect(() => {
    // Anything else in the address is a link that leads here again.
    if (written.current.includes(text)) return;
    written.current = [text];
    setEntry((n) => n + 1);
  }, [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once per entry; later the page is ahead of it.
  const address = useMemo(() => readAddress(params), [entry]);

  if (list.isPending) return <Loading />;
  if (list.isError)
    return <Trouble title={t.timeline.failed} error={list.error} onRetry={() => void list.refetch()} />;
  const { rows, skew_ms } = list.data;
  return (
    <Desk
      key={`${viewer.id}-${entry}`}
      address={{ ...address, at_ms: address.at_ms ?? Date.now() + skew_ms - BEFORE_NOW_MS }}
      list={rows}
      skew_ms={skew_ms}
      onAddress={(next) => {
        const nextText = next.toString();
        if (nextText === written.current[written.current.length - 1]) return;
        written.current = [...written.current.slice(1 - REMEMBERED), nextText];
        setParams(next, { replace: true });
      }}
    />
  );
}
