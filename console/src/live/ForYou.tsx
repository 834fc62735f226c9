/** What the escalation chain has told this person, above everything else until they have said that they have seen it. */
import { BellOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { client, need } from "../api/client";
import { LevelBadge } from "../components/LevelBadge";
import { useSpeech } from "../i18n/context";
import { problemText, seenAt } from "../i18n/format";
import { arrivedOf } from "./forYou";
import { useLive } from "./LiveProvider";
import "./forYou.css";

/** The live link says when something is escalated; this is for what it may have missed. */
const AGAIN_MS = 60_000;
export const ESCALATIONS = ["escalations"] as const;

export function ForYou() {
  const { t, time } = useSpeech();
  const { book, sounder } = useLive();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: ESCALATIONS,
    queryFn: ({ signal }) => need(client.escalations(signal)),
    refetchInterval: AGAIN_MS,
  });
  const known = useRef<ReadonlyMap<number, number>>(new Map());
  useEffect(() => {
    if (!data) return;
    for (const one of arrivedOf(known.current, data)) sounder.announce(Math.min(one.incident.level, 2));
    known.current = new Map(data.map((one) => [one.incident.id, one.told_ms]));
  }, [data, sounder]);

  const acknowledge = async (id: number) => {
    const answer = await client.acknowledge(id);
    if (answer.kind === "ok") book.apply(answer.value);
    else if (answer.kind === "error") message.error(problemText(t, answer.problem), 6);
    await queries.invalidateQueries({ queryKey: ESCALATIONS });
    void queries.invalidateQueries({ queryKey: ["incident", id] });
  };

  if (!data || data.length === 0) return null;
  return (
    <section className="for-you" role="alert" data-testid="for-you">
      <h2>
        <BellOutlined aria-hidden="true" /> {t.beside.forYou.title(data.length)}
      </h2>
      <ol>
        {data.map(({ incident, step, told_ms }) => (
          <li key={incident.id} data-id={incident.id}>
            <LevelBadge level={incident.level} />
            <Link to={`/incidents/${incident.id}`}>
              #{incident.number} {incident.area_name} {seenAt(incident)}
            </Link>
            <span className="for-you-step">{t.beside.forYou.step(step, time.minute(told_ms))}</span>
            <Button size="small" data-act="seen" onClick={() => void acknowledge(incident.id)}>
              {t.beside.forYou.seen}
            </Button>
          </li>
        ))}
      </ol>
    </section>
  );
}
