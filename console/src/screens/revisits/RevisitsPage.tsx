/** 回访: what is due, the answer in two keys, and what follows where people are not content. */
import { Segmented } from "antd";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useActions } from "../../actions/useActions";
import { useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { useIncidents } from "../../live/LiveProvider";
import { step } from "../../queue/board";
import { NO_FILTER } from "../../queue/filter";
import { ListEnd, nextPage } from "../queue/ListEnd";
import { useFound } from "../queue/useFound";
import { RevisitPane } from "./RevisitPane";
import { RevisitRow } from "./RevisitRow";
import { nextAfter, waits } from "./revisits";
import { useRevisitCounts } from "./useRevisitCounts";
import "../queue/queue.css";
import "./revisits.css";

const DONE = { ...NO_FILTER, stage: ["revisited"] };

export function RevisitsPage() {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const counts = useRevisitCounts();
  const [done, setDone] = useState(false);
  const [chosen, setChosen] = useState<number>();
  const list = useRef<HTMLDivElement>(null);
  const found = useFound(done ? "closed" : "revisit", done ? DONE : NO_FILTER, true);
  const byId = new Map(useIncidents().map((incident) => [incident.id, incident]));
  const rows = found.ids
    .flatMap((id) => byId.get(id) ?? [])
    .filter((incident) => (done ? incident.state === "revisited" : waits(incident)));
  const ids = rows.map((incident) => incident.id);
  const selected = chosen !== undefined && ids.includes(chosen) ? chosen : done ? undefined : ids[0];
  const incident = selected === undefined ? undefined : byId.get(selected);

  const { actions, dialogs, asking } = useActions((answered, verb) => {
    if (verb === "revisit" && answered.satisfaction === "dissatisfied") {
      setChosen(answered.id);
      // What they say is not left at that: whoever asked decides at once, or the row waits above all others.
      actions.run(answered, "reopen");
    } else if (verb === "revisit" || verb === "reopen" || verb === "archive") {
      setChosen(nextAfter(ids, answered.id));
    }
  });

  const move = (by: 1 | -1) => {
    if (by === 1 && selected === ids.at(-1)) nextPage(found);
    setChosen(step(ids, selected, by));
  };
  const press = (key: string) => () => incident && actions.press(incident, key);
  const open = (id: number) => navigate(`/incidents/${id}`);
  useKeys(
    {
      j: () => move(1),
      k: () => move(-1),
      arrowdown: () => move(1),
      arrowup: () => move(-1),
      v: press("v"),
      o: press("o"),
      z: press("z"),
      p: press("p"),
      enter: () => selected !== undefined && open(selected),
    },
    !asking,
  );
  useEffect(() => {
    if (selected === undefined) return;
    list.current?.querySelector(`[data-id="${selected}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  return (
    <div className="queue revisits">
      <div className="queue-tools">
        <Segmented
          value={done ? "done" : "waiting"}
          onChange={(tab) => {
            setDone(tab === "done");
            setChosen(undefined);
          }}
          options={[
            { value: "waiting", label: t.revisits.waiting(counts?.waiting ?? 0) },
            { value: "done", label: t.revisits.done },
          ]}
        />
        {counts !== undefined && counts.overdue > 0 && (
          <b className="revisit-late" data-testid="revisit-overdue">
            {t.revisits.overdue(counts.overdue)}
          </b>
        )}
        {counts !== undefined && counts.discontent > 0 && (
          <b className="revisit-late">{t.revisits.discontent(counts.discontent)}</b>
        )}
        <span className="muted revisit-keys">{t.revisits.keys}</span>
      </div>
      <div className="queue-body">
        <section className="queue-list card">
          <div
            className="rows"
            ref={list}
            // A list of options may hold nothing else: until there are some it is none.
            role={rows.length > 0 ? "listbox" : undefined}
            tabIndex={-1}
            aria-label={rows.length > 0 ? t.nav.revisits : undefined}
          >
            {rows.map((one) => (
              <RevisitRow
                key={one.id}
                incident={one}
                selected={one.id === selected}
                onSelect={setChosen}
                onOpen={open}
              />
            ))}
            <ListEnd
              found={found}
              isEmpty={rows.length === 0}
              failed={t.revisits.failed}
              empty={done ? t.revisits.emptyDone : t.revisits.empty}
            />
          </div>
        </section>
        <RevisitPane incident={incident} actions={actions} onOpen={open} />
      </div>
      {dialogs}
    </div>
  );
}
