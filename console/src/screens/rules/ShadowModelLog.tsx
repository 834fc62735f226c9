/** What a camera's shadow model would have raised, beside what the live one did. Nothing where there is no shadow model. */
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import { need } from "../../api/client";
import { trials } from "../../api/trials";
import type { ComparedAlarm } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { Side } from "./Side";

const DAY_MS = 86_400_000;
const REFRESH_MS = 30_000;
const DAYS = ["1", "3", "7"];

export function ShadowModelLog({ camera }: { camera: string }) {
  const { t, time } = useSpeech();
  const [days, setDays] = useState("1");
  const log = useQuery({
    queryKey: ["shadow-model", camera, days],
    queryFn: ({ signal }) => {
      const now = Date.now();
      return need(trials.shadowModel(camera, now - Number(days) * DAY_MS, now, signal));
    },
    refetchInterval: REFRESH_MS,
  });
  if (!log.data?.model) return null;
  const { data } = log;
  const words = t.shadowModel;
  const wanted = data.n_seen + data.n_left_out;
  const isCut = data.to_ms - data.from_ms < Number(days) * DAY_MS;
  return (
    <section className="card shadow-log" data-testid="shadow-model">
      <h2>{words.title(log.data.model)}</h2>
      <p className="muted">{words.hint}</p>
      <Segmented
        aria-label={words.span}
        value={days}
        onChange={setDays}
        options={DAYS.map((value) => ({ value, label: words.spans[value] }))}
      />
      {data.analysis?.state === "failed" && (
        <p className="remedy" role="alert">
          {words.failed}: {data.analysis.remedy}
        </p>
      )}
      <p>
        {words.both(data.n_both)} · {words.onlyShadow(data.n_only_shadow)} ·{" "}
        {words.onlyLive(data.n_only_live)}
        <span className="muted">
          {" · "}
          {wanted > 0
            ? words.looked(data.n_seen, Math.round((100 * data.n_seen) / wanted))
            : words.neverLooked}
          {isCut && ` · ${words.since(time.stamp(data.from_ms))}`}
        </span>
      </p>
      <div className="shadow-sides">
        <Compared title={words.shadow} camera={camera} alarms={data.shadow} />
        <Compared title={words.live} camera={camera} alarms={data.live} />
      </div>
    </section>
  );
}

function Compared({ title, camera, alarms }: { title: string; camera: string; alarms: ComparedAlarm[] }) {
  const { t } = useSpeech();
  const words = t.shadowModel;
  const verdict = (one: ComparedAlarm) => (
    <b className={one.is_met || one.is_unseen ? "muted" : undefined}>
      {one.is_met ? words.met : one.is_unseen ? words.unseen : words.alone}
    </b>
  );
  const flat = alarms.map((one) => ({ ...one, ...one.alarm }));
  return <Side title={title} camera={camera} alarms={flat} verdict={verdict} />;
}
