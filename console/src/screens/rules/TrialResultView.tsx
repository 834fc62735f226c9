/** What a trial found: a strip of stills in order of time, what would have been raised above what was. */
import { useQuery } from "@tanstack/react-query";
import { need } from "../../api/client";
import { trials } from "../../api/trials";
import type { Trial, TrialResult } from "../../api/types";
import { Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { AlarmStill } from "./AlarmStill";
import { columns } from "./pair";

export function TrialResultView({ camera, trial }: { camera: string; trial: Trial }) {
  const { t } = useSpeech();
  const detail = useQuery({
    queryKey: ["trial", camera, trial.id],
    queryFn: ({ signal }) => need(trials.one(camera, trial.id, signal)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (detail.isError) return <Trouble title={t.rules.failed} error={detail.error} />;
  const result = detail.data?.result;
  if (!result) return null;
  return (
    <div className="trial-result">
      <Summary trial={trial} result={result} />
      <div className="strip-lanes">
        <span>{t.rules.trialLane}</span>
        <span>{t.rules.liveLane}</span>
      </div>
      <ol className="trial-strip" aria-label={t.rules.title}>
        {columns(result.alarms, result.live).map((column) => (
          <li key={`${column.at_ms} ${column.live?.n ?? "-"} ${column.trial[0]?.n ?? "-"}`}>
            <div className="strip-cell" data-side="trial">
              {column.trial.map((alarm) => (
                <AlarmStill
                  key={alarm.n}
                  camera={camera}
                  trial={trial.id}
                  side="trial"
                  alarm={alarm}
                  boxes={alarm.boxes}
                  zones={result.zones}
                />
              ))}
              {column.trial.length === 0 && (
                <p className="strip-none">{column.live?.is_unseen ? t.rules.unseen : t.rules.nothing}</p>
              )}
            </div>
            <div className="strip-cell" data-side="live">
              {column.live ? (
                <AlarmStill
                  camera={camera}
                  trial={trial.id}
                  side="live"
                  alarm={column.live}
                  boxes={[]}
                  zones={result.zones}
                />
              ) : (
                <p className="strip-none">{t.rules.nothing}</p>
              )}
            </div>
          </li>
        ))}
      </ol>
      {result.alarms.length + result.live.length === 0 && <p className="muted">{t.rules.nothing}</p>}
    </div>
  );
}

function Summary({ trial, result }: { trial: Trial; result: TrialResult }) {
  const { t, time } = useSpeech();
  const spans = result.blind.map((gap) => {
    const why = gap.cause === undefined ? "" : ` ${t.gapCause[gap.cause] ?? gap.cause}`;
    return `${time.clock(gap.from_ms)}–${time.clock(gap.to_ms)}${why}`;
  });
  return (
    <>
      <p className="trial-counts">
        <b data-count="both">{t.rules.both(result.n_both)}</b>
        <b data-count="trial">{t.rules.onlyTrial(result.n_only_trial)}</b>
        <b data-count="live">{t.rules.onlyLive(result.n_only_live)}</b>
        <span className="muted">{t.rules.looked(result.n_pictures, result.n_detected)}</span>
        {trial.reached_ms < trial.to_ms && <span>{t.rules.reached(time.stamp(trial.reached_ms))}</span>}
        {result.n_alarms > result.alarms.length && <span>{t.rules.more(result.n_alarms)}</span>}
        {result.n_broken > 0 && <span>{t.rules.broken(result.n_broken)}</span>}
      </p>
      {spans.length > 0 && (
        <p className="trial-blind">
          {t.rules.blind(spans.length)} {spans.slice(0, 12).join(", ")}
          {spans.length > 12 && " …"}
        </p>
      )}
    </>
  );
}
