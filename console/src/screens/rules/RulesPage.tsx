/** A camera's rules in words, and other ones tried on its recording. Rules themselves stand in the site file. */
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { client, need } from "../../api/client";
import { trials } from "../../api/trials";
import { PageSearch } from "../../components/PageSearch";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { FRESH, type Keys, ruleText } from "./draft";
import { RuleCard } from "./RuleCard";
import { ShadowLog } from "./ShadowLog";
import { ShadowModelLog } from "./ShadowModelLog";
import { TrialDesk } from "./TrialDesk";
import { TrialList } from "./TrialList";
import { VerdictTable } from "./VerdictTable";
import "./rules.css";

export function RulesPage() {
  const { t } = useSpeech();
  const { id } = useParams();
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const cameras = useQuery({
    queryKey: ["cameras"],
    queryFn: ({ signal }) => need(client.cameras(signal)),
  });
  if (cameras.isPending) return <Loading />;
  if (cameras.isError)
    return <Trouble title={t.rules.failed} error={cameras.error} onRetry={() => void cameras.refetch()} />;
  const wanted = words.trim().toLowerCase();
  const shown = cameras.data.filter((c) => `${c.name} ${c.area_name} ${c.id}`.toLowerCase().includes(wanted));
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.rules.title}</h1>
        <span className="grow" />
        <PageSearch words={words} label={t.rules.search} onChange={setWords} />
      </div>
      <div className="rules-page">
        <nav className="card rules-cameras" aria-label={t.rules.search}>
          {shown.map((camera) => (
            <button
              key={camera.id}
              type="button"
              aria-current={camera.id === id}
              onClick={() => navigate(`/rules/${camera.id}`)}
            >
              <b>{camera.name}</b>
              <span className="muted">
                {camera.area_name} · {(camera.rules ?? []).length}
              </span>
            </button>
          ))}
        </nav>
        {id === undefined ? <VerdictTable /> : <CameraPart key={id} camera={id} />}
      </div>
    </div>
  );
}

function CameraPart({ camera }: { camera: string }) {
  const { t } = useSpeech();
  const [params] = useSearchParams();
  // Until somebody chooses, what the address asks to be tried.
  const [chosen, setDraft] = useState<Keys | null | undefined>(undefined);
  const rules = useQuery({
    queryKey: ["rules", camera],
    queryFn: ({ signal }) => need(trials.rules(camera, signal)),
  });
  if (rules.isPending) return <Loading />;
  if (rules.isError)
    return <Trouble title={t.rules.failed} error={rules.error} onRetry={() => void rules.refetch()} />;
  const { data } = rules;
  const asked = data.rules.find((rule) => rule.rule.id === params.get("try"));
  const draft = chosen === undefined ? ((asked?.keys as Keys | undefined) ?? null) : chosen;
  return (
    <section className="rules-camera">
      <div className="card rules-own">
        {data.rules.map((rule) => (
          <RuleCard
            key={rule.rule.id}
            rule={rule}
            zones={data.zones}
            onTry={() => setDraft(rule.keys as Keys)}
          />
        ))}
        {data.rules.length === 0 && <p className="muted">{t.rules.none}</p>}
        <Button size="small" onClick={() => setDraft(FRESH)}>
          {t.rules.tryNew}
        </Button>
      </div>
      {data.rules.some((rule) => rule.is_shadow) && <ShadowLog camera={camera} />}
      <ShadowModelLog camera={camera} />
      {draft && <TrialDesk key={ruleText(draft)} rules={data} draft={draft} onDone={() => setDraft(null)} />}
      <TrialList camera={camera} />
    </section>
  );
}
