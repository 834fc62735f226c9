/** What the unit was told of: the most urgent first, with what is left of the time. */
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { client, need } from "../../api/client";
import { useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { Loading, Trouble } from "../../components/Trouble";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age, seenAt, whyOf } from "../../i18n/format";
import { useIncidents, useLive } from "../../live/LiveProvider";
import { dueOf, partOf, stepOf, tasksOf } from "./order";
import { useCentre } from "./useCentre";
import { useDeeds } from "./useDeeds";

const PAST = 50;

export function TasksPage() {
  const { t } = useSpeech();
  const { unit } = useViewer();
  const [past, setPast] = useState(false);
  if (unit === undefined) return <Trouble title={t.phone.noUnit} />;
  return (
    <div className="phone-page">
      <h1 className="phone-hidden">{t.phone.tasks}</h1>
      <Segmented
        block
        size="large"
        value={past ? "past" : "todo"}
        options={[
          { value: "todo", label: t.phone.todo },
          { value: "past", label: t.phone.past },
        ]}
        onChange={(value) => setPast(value === "past")}
      />
      {past ? <PastTasks unit={unit} /> : <OpenTasks unit={unit} />}
    </div>
  );
}

function OpenTasks({ unit }: { unit: string }) {
  const { t } = useSpeech();
  const { book } = useLive();
  const { todo, waiting } = tasksOf(useIncidents(), unit);
  if (!book.loaded()) return <Loading />;
  return (
    <>
      {todo.length === 0 && (
        <p className="phone-empty">
          <b>{t.phone.empty}</b>
          <span>{t.phone.emptyHint}</span>
        </p>
      )}
      <TaskList incidents={todo} unit={unit} />
      {waiting.length > 0 && <h2 className="phone-part">{t.phone.waiting}</h2>}
      <TaskList incidents={waiting} unit={unit} />
    </>
  );
}

function PastTasks({ unit }: { unit: string }) {
  const { t } = useSpeech();
  const past = useQuery({
    queryKey: ["incidents", "closed", "unit"],
    queryFn: ({ signal }) => need(client.incidents("closed", PAST, undefined, signal)),
  });
  if (past.isError) {
    return <Trouble title={t.queue.failed} error={past.error} onRetry={() => past.refetch()} />;
  }
  if (!past.data) return <Loading />;
  if (past.data.incidents.length === 0) return <p className="phone-empty">{t.phone.emptyPast}</p>;
  return <TaskList incidents={past.data.incidents} unit={unit} />;
}

function TaskList({ incidents, unit }: { incidents: readonly Incident[]; unit: string }) {
  return (
    <ol className="tasks">
      {incidents.map((incident) => (
        <li key={incident.id}>
          <Task incident={incident} unit={unit} />
        </li>
      ))}
    </ol>
  );
}

function Task({ incident, unit }: { incident: Incident; unit: string }) {
  const { t, time } = useSpeech();
  const { className } = useCentre();
  const { deeds } = useDeeds();
  const step = stepOf(incident, unit);
  const due = dueOf(incident, step);
  const kept = deeds.filter((deed) => deed.incident === incident.id);
  const isUnsent = kept.some((deed) => deed.sent !== undefined || deed.lost_ms !== undefined);
  return (
    <Link className={`task task-${incident.level}`} to={`/incidents/${incident.id}`} data-id={incident.id}>
      <span className="task-head">
        <LevelBadge level={incident.level} />
        <b className="task-class">{className(incident.class)}</b>
        {due === undefined ? (
          <span className="muted">{time.stamp(incident.opened_ms).slice(0, -3)}</span>
        ) : (
          <Left due_ms={due} />
        )}
      </span>
      <span className="task-where">
        {incident.area_name}
        {seenAt(incident) && ` · ${seenAt(incident)}`}
      </span>
      <span className="task-why">{whyOf(t, incident)}</span>
      <span className="task-foot">
        <span className={`step step-${step}`}>
          {step === "over" ? (t.state[incident.state] ?? incident.state) : t.phone.step[step]}
        </span>
        <Marks incident={incident} unit={unit} />
        {isUnsent ? (
          <b className="task-tag task-tag-bad">{t.phone.unsent}</b>
        ) : (
          kept.length > 0 && <span className="task-tag">{t.phone.draft}</span>
        )}
        <span className="muted task-number">#{incident.number}</span>
      </span>
    </Link>
  );
}

/** What the centre thinks of how it goes. */
export function Marks({ incident, unit }: { incident: Incident; unit: string }) {
  const { t } = useSpeech();
  const part = partOf(incident, unit);
  return (
    <>
      {part && incident.units.length > 1 && (
        <span className="task-tag">{part.lead ? t.phone.lead : t.phone.assist}</span>
      )}
      {incident.urged > 0 && <b className="task-tag task-tag-bad">{t.phone.urged[incident.urged]}</b>}
      {incident.rework && <b className="task-tag task-tag-bad">{t.phone.rework}</b>}
      {incident.held_since_ms !== undefined && <span className="task-tag">{t.phone.held}</span>}
    </>
  );
}

export function Left({ due_ms }: { due_ms: number }) {
  const { t } = useSpeech();
  const left = due_ms - useNow();
  return (
    <b className={left < 0 ? "left left-over" : "left"}>
      {left < 0 ? t.phone.over(age(t, -left)) : t.phone.left(age(t, left))}
    </b>
  );
}
