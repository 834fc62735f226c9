/** The dispatch queue: what an operator looks at all shift long. */
import { QuestionCircleOutlined, SearchOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef, Segmented } from "antd";
import { useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useActions } from "../../actions/useActions";
import { mayAct, useViewer } from "../../api/session";
import { HelpDialog } from "../../components/HelpDialog";
import { type KeyMap, useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { useIncidents } from "../../live/LiveProvider";
import { step } from "../../queue/board";
import { stops } from "../../queue/flood";
import { ClosedList } from "./ClosedList";
import { FloodBoard } from "./FloodBoard";
import { OpenList } from "./OpenList";
import { Preview } from "./Preview";
import { useFlood } from "./useFlood";
import { useOpenRows } from "./useOpenRows";
import "./queue.css";

export function QueuePage() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const navigate = useNavigate();
  const incidents = useIncidents();
  const [params, setParams] = useSearchParams();
  const [words, setWords] = useState("");
  const [help, setHelp] = useState(false);
  const search = useRef<InputRef>(null);
  const closed = params.get("tab") === "closed";
  // The address only remembers the selection for the way back: the router changes it late, after the next key.
  const at = params.get("at");
  const [selected, setSelected] = useState(at === null ? undefined : Number(at));
  const flood = useFlood(incidents);
  const list = useOpenRows(incidents, words, closed ? undefined : selected);

  const select = (id: number | undefined) => {
    setSelected(id);
    const next = new URLSearchParams(params);
    if (id === undefined) next.delete("at");
    else next.set("at", String(id));
    setParams(next, { replace: true });
  };
  const open = (id: number) => navigate(`/incidents/${id}`);
  const { actions, dialogs, asking } = useActions((incident, verb) => {
    if (verb === "close" && !closed) select(list.after(incident.id) ?? incident.id);
  });
  const incident = incidents.find((i) => i.id === selected);
  const withSelected = (run: (i: NonNullable<typeof incident>) => void) => () => incident && run(incident);

  const move = (by: 1 | -1) => {
    if (closed) return;
    const next = flood.grouped ? step(stops(incidents), selected, by) : list.step(selected, by);
    select(next ?? selected);
  };
  const toRed = () => {
    const newest = list.red[0];
    if (newest) select(newest.id);
  };
  const fresh = () => {
    if (!closed) list.fresh();
  };

  const quiet = help || asking;
  const moving: KeyMap = closed
    ? {}
    : { j: () => move(1), k: () => move(-1), arrowdown: () => move(1), arrowup: () => move(-1) };
  useKeys(
    {
      ...moving,
      n: fresh,
      r: toRed,
      c: withSelected(actions.claim),
      u: withSelected(actions.release),
      x: withSelected(actions.askClose),
      f: withSelected(actions.askFalse),
      l: withSelected((i) => i.camera && viewer.role === "operator" && navigate(`/cameras/${i.camera}`)),
      enter: () => selected !== undefined && open(selected),
      "/": () => search.current?.focus({ cursor: "all" }),
      "?": () => setHelp(true),
      escape: () => {
        if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
        else select(undefined);
      },
    },
    !quiet,
  );

  const count = incidents.filter(isOpen).length;
  return (
    <div className="queue">
      <div className="queue-tools">
        <Segmented
          value={closed ? "closed" : "open"}
          onChange={(tab) => {
            setSelected(undefined);
            setParams(tab === "closed" ? { tab } : {}, { replace: true });
          }}
          options={[
            { value: "open", label: `${t.queue.open} ${count}` },
            { value: "closed", label: t.queue.closed },
          ]}
        />
        <Input
          ref={search}
          allowClear
          prefix={<SearchOutlined />}
          className="queue-search"
          value={words}
          placeholder={t.queue.search}
          aria-label={t.queue.search}
          onChange={(event) => setWords(event.target.value)}
          onPressEnter={() => search.current?.blur()}
        />
        {!closed && !flood.grouped && mayAct(viewer.role) && (
          <Button title={t.flood.enterHint} onClick={flood.enter}>
            {t.flood.enter}
          </Button>
        )}
        <Button className="queue-help" icon={<QuestionCircleOutlined />} onClick={() => setHelp(true)}>
          <span className="wide">{t.queue.help}</span> <kbd className="wide">?</kbd>
        </Button>
      </div>
      <div className="queue-body">
        {closed ? (
          <ClosedList words={words} selected={selected} active={!quiet} onSelect={select} onOpen={open} />
        ) : flood.grouped ? (
          <FloodBoard
            incidents={incidents}
            flood={flood}
            selected={selected}
            onSelect={select}
            onOpen={open}
          />
        ) : (
          <OpenList
            list={list}
            filtered={words.trim() !== ""}
            selected={selected}
            onSelect={select}
            onOpen={open}
            onRed={toRed}
          />
        )}
        <Preview incident={incident} actions={actions} onOpen={open} />
      </div>
      {dialogs}
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
