import type { StreamHealth, StreamState } from "../../api/types";
import { useSpeech } from "../../i18n/context";

const BAD: ReadonlySet<StreamState> = new Set([
  "auth_failed",
  "not_found",
  "no_media",
  "stalled",
  "backing_off",
  "quarantined",
]);

export const isBad = (stream: StreamHealth | undefined): boolean =>
  stream !== undefined && BAD.has(stream.state);

/** The state of a stream as a word with a mark. */
export function StreamDot({ stream }: { stream: StreamHealth }) {
  const { t } = useSpeech();
  const look = stream.state === "streaming" ? "good" : isBad(stream) ? "bad" : "idle";
  return (
    <span className={`dot dot-${look}`}>
      <i aria-hidden="true" />
      {t.stream[stream.state] ?? stream.state}
    </span>
  );
}
