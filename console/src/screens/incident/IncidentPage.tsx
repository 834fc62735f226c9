/** One incident: see what happened, understand why it was raised, decide. */
import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { ActionButtons } from "../../actions/ActionButtons";
import { useActions } from "../../actions/useActions";
import { client, need, ProblemError } from "../../api/client";
import { mayWatch, useViewer } from "../../api/session";
import { HelpDialog } from "../../components/HelpDialog";
import { useKeys } from "../../components/keys";
import { LevelBadge } from "../../components/LevelBadge";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { seenAt, whyOf } from "../../i18n/format";
import { useIncidents } from "../../live/LiveProvider";
import { settle, step } from "../../queue/board";
import { timelineLink } from "../../timeline/address";
import { StateTag } from "../queue/StateTag";
import { FlashButton } from "../reports/FlashButton";
import { ClipView } from "./ClipView";
import { AlarmList, Facts } from "./Facts";
import { History } from "./History";
import "./incident.css";

export function IncidentPage() {
  const { t } = useSpeech();
  const { id } = useParams();
  const number = Number(id);
  const viewer = useViewer();
  const navigate = useNavigate();
  const incidents = useIncidents();
  const [help, setHelp] = useState(false);
  const [params, setParams] = useSearchParams();
  const alarm = params.has("alarm") ? Number(params.get("alarm")) : undefined;
  const showAlarm = (chosen: number) => setParams({ alarm: String(chosen) }, { replace: true });
  const detail = useQuery({
    queryKey: ["incident", number],
    queryFn: ({ signal }) => need(client.incident(number, signal)),
    enabled: Number.isInteger(number),
  });

  const order = settle(incidents);
  const neighbour = (by: 1 | -1) => {
    const next = step(order, number, by);
    return next === number ? undefined : next;
  };
  const toQueue = (at: number | undefined) => navigate(at === undefined ? "/queue" : `/queue?at=${at}`);
  const { actions, dialogs, asking } = useActions((_incident, verb) => {
    if (verb === "close") toQueue(neighbour(1) ?? neighbour(-1));
  });

  // The book is newer than the fetched page between an event and the answer to the question that it caused.
  const known = incidents.find((i) => i.id === number);
  const fetched = detail.data;
  const incident = fetched && known && known.version > fetched.version ? { ...fetched, ...known } : fetched;
  const go = (by: 1 | -1) => {
    const next = neighbour(by);
    if (next !== undefined) navigate(`/incidents/${next}`, { replace: true });
  };
  const toLive = () => {
    if (incident?.camera && viewer.role === "operator") navigate(`/cameras/${incident.camera}`);
  };
  /** The alarm in sight, or else the first. */
  const toTimeline = () => {
    if (!incident?.camera || !mayWatch(viewer.role)) return;
    const chosen = incident.alarm_list.find((a) => a.id === alarm);
    navigate(timelineLink(incident.camera, chosen?.began_ms ?? incident.opened_ms));
  };
  useKeys(
    {
      c: () => incident && actions.claim(incident),
      u: () => incident && actions.release(incident),
      x: () => incident && actions.askClose(incident),
      f: () => incident && actions.askFalse(incident),
      l: toLive,
      t: toTimeline,
      j: () => go(1),
      k: () => go(-1),
      "?": () => setHelp(true),
      escape: () => toQueue(number),
    },
    !asking && !help,
  );

  const missing = detail.error instanceof ProblemError && detail.error.problem.status === 404;
  if (missing || !Number.isInteger(number)) {
    return <Trouble title={t.incident.notFound} label={t.keys.back} onRetry={() => toQueue(undefined)} />;
  }
  if (detail.isError && !incident) {
    return <Trouble title={t.incident.failed} error={detail.error} onRetry={() => detail.refetch()} />;
  }
  if (!incident) return <Loading />;
  return (
    <div className="incident">
      <div className="incident-head card">
        <Button
          type="text"
          icon={<ArrowLeftOutlined />}
          onClick={() => toQueue(number)}
          aria-label={t.keys.back}
          title={`${t.keys.back} Esc`}
        />
        <div className="incident-name">
          <h1>
            <LevelBadge level={incident.level} /> {t.incidentClass[incident.class] ?? incident.class}
            <StateTag incident={incident} />
            {incident.close_suggested && incident.state !== "closed" && (
              <span className="suggested">{t.incident.suggested}</span>
            )}
            {incident.ongoing && <span className="ongoing">{t.queue.ongoing}</span>}
            <span className="muted incident-number">#{incident.number}</span>
          </h1>
          <p data-testid="sentence">
            <b>{whyOf(t, incident)}</b>
            <span className="muted">
              {seenAt(incident)}
              {incident.evidence && (
                <>
                  {incident.evidence.peak > incident.evidence.count && ` · ${t.peak(incident.evidence.peak)}`}
                  {` · ${t.score(Math.round(incident.evidence.score * 100))}`}
                </>
              )}
            </span>
          </p>
        </div>
        <ActionButtons incident={incident} actions={actions} />
        <FlashButton incident={incident.id} />
      </div>
      <div className="incident-body">
        <ClipView
          key={`${incident.id}-${alarm}`}
          incident={incident}
          alarm={alarm}
          active={!asking && !help}
        />
        <div className="incident-side">
          <Facts incident={incident} />
          <AlarmList incident={incident} shown={alarm} onShow={showAlarm} />
          <History rows={incident.history} />
        </div>
      </div>
      {dialogs}
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
