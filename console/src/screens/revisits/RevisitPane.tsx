import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { ActionButtons } from "../../actions/ActionButtons";
import { active } from "../../actions/lifecycle";
import type { Actions } from "../../actions/useActions";
import { useCentre } from "../../actions/useCentre";
import { client, need } from "../../api/client";
import type { Incident, IncidentDetail } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { seenAt, whereOf, whyOf } from "../../i18n/format";
import { Marks } from "../incident/Marks";
import { StateTag } from "../queue/StateTag";

interface Props {
  incident: Incident | undefined;
  actions: Actions;
  onOpen: (id: number) => void;
}

/** Words that say how it was settled: of the units, of who verified it, and of who closed it. */
const TELLING: readonly string[] = ["feedback", "finish", "verify", "close"];

const notesOf = (detail: IncidentDetail | undefined, actions: readonly string[]) =>
  (detail?.history ?? []).filter((row) => row.note !== undefined && actions.includes(row.action));

/** All that is needed for the telephone call: whom, about what, and what was done. */
export function RevisitPane({ incident, actions, onOpen }: Props) {
  const { t, time } = useSpeech();
  const { classOf } = useCentre();
  const id = incident?.id;
  const detail = useQuery({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => need(client.incident(id ?? 0, signal)),
    enabled: id !== undefined,
  });
  if (!incident) {
    return (
      <aside className="preview card">
        <p className="preview-none muted">{t.revisits.select}</p>
      </aside>
    );
  }
  const known = detail.data?.id === incident.id ? detail.data : undefined;
  const told = notesOf(known, TELLING);
  const answer = notesOf(known, ["revisit"]).at(-1)?.note;
  const result = incident.revisit_result;
  const said = incident.satisfaction
    ? t.desk.satisfaction[incident.satisfaction]
    : result && (t.desk.revisitResult[result] ?? result);
  const by =
    incident.revisited_by && incident.revisited_ms !== undefined
      ? t.revisits.by(incident.revisited_by.name, time.stamp(incident.revisited_ms).slice(0, -3))
      : undefined;
  const caller = [known?.reporter, known?.reporter_phone].filter(Boolean).join(" · ");
  const facts: [string, string | undefined][] = [
    [t.revisits.reporter, caller || (known && t.revisits.noReporter)],
    [t.desk.facts.location, [seenAt(incident), whereOf(t, incident)].filter(Boolean).join(" · ")],
    [
      t.revisits.settledAt,
      incident.ended_ms === undefined ? undefined : time.stamp(incident.ended_ms).slice(0, -3),
    ],
    [
      t.revisits.units,
      active(incident.units)
        .map((one) => one.unit_name)
        .join("、"),
    ],
    ...told.map((row, at): [string, string | undefined] => [at === 0 ? t.revisits.settled : "", row.note]),
    [t.revisits.result, [said, by].filter(Boolean).join(" · ")],
    [t.revisits.note, answer],
  ];
  return (
    <aside className="preview card" data-preview={incident.id}>
      <div className="preview-body">
        <div className="preview-head">
          <LevelBadge level={incident.level} long />
          <b>{classOf(incident.class)}</b>
          <StateTag incident={incident} />
          <Marks incident={incident} />
        </div>
        <p className="preview-why">{whyOf(t, incident)}</p>
        {incident.description && <p className="preview-text">{incident.description}</p>}
        <dl className="facts">
          {facts
            .filter(([, value]) => value)
            .map(([name, value]) => [
              <dt key={`${name}${value}`}>{name}</dt>,
              <dd key={`${name}${value}=`}>{value}</dd>,
            ])}
        </dl>
        <ActionButtons incident={known ?? incident} actions={actions} brief />
        <Button type="link" className="preview-open" onClick={() => onOpen(incident.id)}>
          {t.act.open} <kbd>Enter</kbd>
        </Button>
      </div>
    </aside>
  );
}
