/** One incident: see what happened, understand why it was raised, decide. */
import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useRef, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { ActionButtons } from "../../actions/ActionButtons";
import { active, KEYS, type Known } from "../../actions/lifecycle";
import { useActions } from "../../actions/useActions";
import { useCentre } from "../../actions/useCentre";
import { client, need, ProblemError } from "../../api/client";
import { mayWatch, useViewer } from "../../api/session";
import type { Alarm } from "../../api/types";
import { HelpDialog } from "../../components/HelpDialog";
import { type KeyMap, useKeys } from "../../components/keys";
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
import { Clocks } from "./Clocks";
import { AlarmList, Facts } from "./Facts";
import { Files } from "./Files";
import { History } from "./History";
import { Looks } from "./Looks";
import { Marks } from "./Marks";
import { markedAlarms } from "./marked";
import { RelatedCameras } from "./RelatedCameras";
import { ReportCard } from "./ReportCard";
import { Steps } from "./Steps";
import { Units } from "./Units";
import "./incident.css";
import "./handling.css";

export function IncidentPage() {
  const { t } = useSpeech();
  const { id } = useParams();
  const number = Number(id);
  const viewer = useViewer();
  const navigate = useNavigate();
  const incidents = useIncidents();
  const names = useCentre();
  const [help, setHelp] = useState(false);
  const fileField = useRef<HTMLInputElement>(null);
  const [params, setParams] = useSearchParams();
  const alarm = params.has("alarm") ? Number(params.get("alarm")) : undefined;
  const [shownAlarm, setShownAlarm] = useState<Alarm | undefined>(undefined);
  const showAlarm = (chosen: Alarm) => {
    setShownAlarm(chosen);
    setParams({ alarm: String(chosen.id) }, { replace: true });
  };
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
  const { actions, dialogs, asking } = useActions((done, verb) => {
    // What was really handled is revisited and archived next; of the rest nothing more is to be done here.
    const isOver =
      (verb === "close" && done.close_reason !== "handled") || verb === "merge" || verb === "reject";
    if (isOver) toQueue(neighbour(1) ?? neighbour(-1));
    if (verb === "urge" && done.urged === 3) navigate(`/incidents/${done.id}/supervision`);
  });

  // The book is newer than the fetched page between an event and the answer to the question that it caused.
  const known = incidents.find((i) => i.id === number);
  const fetched = detail.data;
  const isNewer = fetched !== undefined && known !== undefined && known.version > fetched.version;
  const incident = isNewer ? { ...fetched, ...known } : fetched;
  // What the server said to be possible was said of the version before: the mirror stands in until it says it again.
  const actable: Known | undefined = incident && (isNewer ? { ...incident, choices: undefined } : incident);
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
    const chosen = markedAlarms(incident.alarm_list, shownAlarm).find((a) => a.id === alarm);
    navigate(timelineLink(incident.camera, chosen?.began_ms ?? incident.opened_ms));
  };
  const verbs: KeyMap = Object.fromEntries(
    KEYS.map((key) => [key, () => actable && actions.press(actable, key)]),
  );
  const units: KeyMap = Object.fromEntries(
    active(incident?.units ?? []).map((one, at) => [
      String(at + 1),
      () => actable && actions.askUnit(actable, one.unit),
    ]),
  );
  useKeys(
    {
      ...verbs,
      ...units,
      f: () => actable && actions.askFalse(actable),
      i: () => fileField.current?.click(),
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
  if (!incident || !actable) return <Loading />;
  const quiet = asking || help;
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
            <LevelBadge level={incident.level} /> {names.classOf(incident.class)}
            <StateTag incident={incident} />
            <Marks incident={incident} />
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
        <Steps incident={incident} />
        <div className="incident-acts">
          <ActionButtons incident={actable} actions={actions} />
          <FlashButton incident={incident.id} />
        </div>
      </div>
      <div className="incident-body">
        <div className={incident.units.length > 0 ? "incident-main incident-worked" : "incident-main"}>
          {incident.camera ? (
            <ClipView
              key={`${incident.id}-${alarm}`}
              incident={incident}
              alarm={alarm}
              shown={shownAlarm?.id === alarm ? shownAlarm : undefined}
              active={!quiet}
            />
          ) : null}
          {incident.source !== "camera" && <ReportCard incident={incident} />}
          <Units incident={incident} names={names} actions={actions} />
        </div>
        <div className="incident-side">
          <Clocks incident={incident} names={names} />
          <Facts incident={incident} />
          <RelatedCameras incident={incident} />
          {incident.alarm_list.length > 0 && (
            <AlarmList key={`alarms-${incident.id}`} incident={incident} shown={alarm} onShow={showAlarm} />
          )}
          <Files incident={incident} names={names} actions={actions} field={fileField} />
          <History key={`history-${incident.id}`} incident={incident} names={names} />
          <Looks incident={incident.id} />
        </div>
      </div>
      {dialogs}
      {help && <HelpDialog onClose={() => setHelp(false)} first="incident" />}
    </div>
  );
}
