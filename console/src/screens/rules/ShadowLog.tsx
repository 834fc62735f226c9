/** What shadow rules would have raised in the last day, beside what live rules did. */
import { useQuery } from "@tanstack/react-query";
import { need } from "../../api/client";
import { trials } from "../../api/trials";
import { useSpeech } from "../../i18n/context";
import { Side } from "./Side";

const DAY_MS = 86_400_000;
const REFRESH_MS = 30_000;

export function ShadowLog({ camera }: { camera: string }) {
  const { t } = useSpeech();
  const log = useQuery({
    queryKey: ["shadow", camera],
    queryFn: ({ signal }) => need(trials.shadow(camera, Date.now() - DAY_MS, Date.now(), signal)),
    refetchInterval: REFRESH_MS,
  });
  if (!log.data) return null;
  const { shadow, live } = log.data;
  return (
    <section className="card shadow-log">
      <h2>{t.rules.shadowTitle}</h2>
      <div className="shadow-sides">
        <Side title={t.rules.shadow} camera={camera} alarms={shadow} />
        <Side title={t.rules.live} camera={camera} alarms={[...live].reverse()} />
      </div>
    </section>
  );
}
