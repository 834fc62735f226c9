/** Trials of a camera with how far they are, and the result of the one that is chosen. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Progress } from "antd";
import { useState } from "react";
import { need } from "../../api/client";
import { trials } from "../../api/trials";
import type { Trial } from "../../api/types";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { TrialResultView } from "./TrialResultView";

const REFRESH_MS = 1_500;
const isOpen = (trial: Trial) => trial.state === "waiting" || trial.state === "running";

export function TrialList({ camera }: { camera: string }) {
  const { t, time } = useSpeech();
  const queries = useQueryClient();
  const [picked, setPicked] = useState<number | null>(null);
  const list = useQuery({
    queryKey: ["trials", camera],
    queryFn: ({ signal }) => need(trials.list(camera, signal)),
    refetchInterval: (query) => ((query.state.data ?? []).some(isOpen) ? REFRESH_MS : false),
  });
  const remove = useMutation({
    mutationFn: (id: number) => need(trials.remove(camera, id)),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["trials", camera] }),
  });
  if (list.isPending) return <Loading />;
  if (list.isError)
    return <Trouble title={t.rules.failed} error={list.error} onRetry={() => void list.refetch()} />;
  // The newest is what somebody waits for.
  const shown = list.data.find((trial) => trial.id === picked) ?? list.data[0];
  return (
    <section className="card trials">
      <h2>{t.rules.past}</h2>
      {list.data.length === 0 && <p className="muted">{t.rules.noPast}</p>}
      <ol className="trial-list">
        {list.data.map((trial) => (
          <li key={trial.id} data-state={trial.state} aria-current={trial.id === shown?.id}>
            <button type="button" onClick={() => setPicked(trial.id)}>
              <b>{`${time.stamp(trial.from_ms)} – ${time.clock(trial.to_ms)}`}</b>
              <span>{t.rules.states[trial.state] ?? trial.state}</span>
              <span className="muted">{t.rules.by(trial.by, time.stamp(trial.asked_ms))}</span>
              {trial.code && (
                <span className="trial-why" title={trial.detail}>
                  {t.error.codes[trial.code] ?? trial.detail}
                </span>
              )}
            </button>
            {trial.state === "running" && (
              <Progress
                size="small"
                percent={Math.round(
                  (100 * (trial.reached_ms - trial.from_ms)) / (trial.to_ms - trial.from_ms),
                )}
              />
            )}
            <Button size="small" onClick={() => remove.mutate(trial.id)}>
              {isOpen(trial) ? t.rules.cancel : t.rules.remove}
            </Button>
          </li>
        ))}
      </ol>
      {shown && !isOpen(shown) && <TrialResultView key={shown.id} camera={camera} trial={shown} />}
    </section>
  );
}
