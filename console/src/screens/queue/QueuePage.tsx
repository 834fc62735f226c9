/** The dispatch queue: what an operator looks at all shift long. */
import { FilterOutlined, PlusOutlined, QuestionCircleOutlined, SearchOutlined } from "@ant-design/icons";
import { Badge, Button, Input, type InputRef, Segmented } from "antd";
import { useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useActions } from "../../actions/useActions";
import { useCentre } from "../../actions/useCentre";
import type { Filter, SavedView } from "../../api/desk";
import { mayAct, useViewer } from "../../api/session";
import { HelpDialog } from "../../components/HelpDialog";
import { type KeyMap, useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { isOpen } from "../../live/book";
import { useIncidents } from "../../live/LiveProvider";
import { step } from "../../queue/board";
import {
  FILTER_NAMES,
  isFiltered,
  NO_FILTER,
  type QueueFilter,
  readFilter,
  writeFilter,
} from "../../queue/filter";
import { stops } from "../../queue/flood";
import { Beside } from "./Beside";
import { ClosedList } from "./ClosedList";
import { FilterBar } from "./FilterBar";
import { FloodBoard } from "./FloodBoard";
import { OpenList } from "./OpenList";
import { Preview } from "./Preview";
import { ReportDialog } from "./ReportDialog";
import { useCounts, useRest } from "./useCounts";
import { useFlood } from "./useFlood";
import { useFound } from "./useFound";
import { useOpenRows } from "./useOpenRows";
import { useViews, ViewNameDialog, Views } from "./Views";
import "./queue.css";
import "./filters.css";

/** Typing asks the gateway once the hand rests. */
const PAUSE_MS = 250;
/** Verbs that have a key here, beside closing and false alarms; the rest is on the incident's own page. */
const VERB_KEYS = ["c", "u", "x", "a", "d", "s", "m", "p"];

type Open = { kind: "help" | "report" } | { kind: "name"; old?: SavedView } | null;

/** `value`, once it has not changed for a while. */
function useRested<Value>(value: Value): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

export function QueuePage() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const navigate = useNavigate();
  const incidents = useIncidents();
  const names = useCentre();
  const views = useViews();
  const [params, setParams] = useSearchParams();
  const [open, setOpen] = useState<Open>(null);
  const [unfolded, setUnfolded] = useState(false);
  const search = useRef<InputRef>(null);
  const closed = params.get("tab") === "closed";
  // The address only remembers filter and selection for the way back: the router changes it late, after the next key.
  const at = params.get("at");
  const [selected, setSelected] = useState(at === null ? undefined : Number(at));
  const flood = useFlood(incidents);
  const [filter, setFilterState] = useState<QueueFilter>(() => readFilter((name) => params.get(name)));
  const words = useRested(filter.q);
  const asked = { ...filter, q: words };
  // Open incidents are known here without asking, as far as there are not too many of them; words only the gateway finds.
  const rest = useRest();
  const isWhole = !closed && !isFiltered(asked);
  const found = useFound(
    closed ? "closed" : "open",
    asked,
    closed || !isWhole || rest !== undefined,
    isWhole ? rest : undefined,
  );
  const total = useCounts({});
  const matching = useCounts(writeFilter(asked));
  const list = useOpenRows(
    incidents,
    { filter, found: closed ? [] : found.ids, names },
    closed ? undefined : selected,
  );

  const remember = (tab: boolean, wanted: QueueFilter, chosen: number | undefined) =>
    setParams(
      {
        ...(tab ? { tab: "closed" } : {}),
        ...writeFilter(wanted),
        ...(chosen === undefined ? {} : { at: String(chosen) }),
      },
      { replace: true },
    );
  const select = (id: number | undefined) => {
    setSelected(id);
    remember(closed, filter, id);
  };
  /** Another question is another list: nothing is selected in it. */
  const setFilter = (wanted: QueueFilter, tab = closed) => {
    setFilterState(wanted);
    setSelected(undefined);
    remember(tab, wanted, undefined);
    list.fresh();
  };
  const chooseView = (view: Filter) =>
    setFilter(
      readFilter((name) => view[name]),
      view.tab === "closed",
    );
  const current: Filter = { ...(closed ? { tab: "closed" } : {}), ...writeFilter(filter) };

  const openPage = (id: number) => navigate(`/incidents/${id}`);
  const { actions, dialogs, asking } = useActions((incident, verb) => {
    const isGone = verb === "close" || verb === "reject" || verb === "merge" || verb === "shelve";
    if (isGone && !closed) select(list.after(incident.id) ?? incident.id);
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
    if (closed) void found.refetch();
    else list.fresh();
  };
  const report = () => mayAct(viewer.role) && setOpen({ kind: "report" });
  const saveView = () => Object.keys(current).length > 0 && setOpen({ kind: "name" });

  const quiet = open !== null || asking;
  const moving: KeyMap = closed
    ? {}
    : { j: () => move(1), k: () => move(-1), arrowdown: () => move(1), arrowup: () => move(-1) };
  const verbs: KeyMap = Object.fromEntries(
    VERB_KEYS.map((key) => [key, withSelected((i) => actions.press(i, key))]),
  );
  const choosing: KeyMap = Object.fromEntries(
    views.slice(0, 9).map((view, index) => [String(index + 1), () => chooseView(view.filter)]),
  );
  useKeys(
    {
      ...moving,
      ...verbs,
      ...choosing,
      0: () => setFilter(NO_FILTER, false),
      n: report,
      g: fresh,
      r: toRed,
      v: saveView,
      y: () => setFilter({ ...filter, mine: !filter.mine }),
      e: () => setFilter({ ...filter, overdue: !filter.overdue }),
      f: withSelected(actions.askFalse),
      l: withSelected((i) => i.camera && viewer.role === "operator" && navigate(`/cameras/${i.camera}`)),
      enter: () => selected !== undefined && openPage(selected),
      "/": () => search.current?.focus({ cursor: "all" }),
      "?": () => setOpen({ kind: "help" }),
      escape: () => {
        if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
        else select(undefined);
      },
    },
    !quiet,
  );

  const count = total?.all ?? incidents.filter(isOpen).length;
  const narrowed = FILTER_NAMES.filter((name) => name !== "q" && name in current).length;
  return (
    <div className="queue">
      <div className="queue-tools">
        <Segmented
          value={closed ? "closed" : "open"}
          onChange={(tab) => setFilter({ ...filter, stage: [], overdue: false }, tab === "closed")}
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
          value={filter.q}
          placeholder={t.desk.filter.search}
          aria-label={t.desk.filter.search}
          onChange={(event) => setFilter({ ...filter, q: event.target.value })}
          onPressEnter={() => search.current?.blur()}
        />
        <Badge count={narrowed} size="small">
          <Button
            className="queue-fold"
            icon={<FilterOutlined />}
            aria-expanded={unfolded}
            onClick={() => setUnfolded(!unfolded)}
          >
            {t.desk.filter.title}
          </Button>
        </Badge>
        <Views
          views={views}
          current={current}
          onChoose={chooseView}
          onSave={saveView}
          onRename={(old) => setOpen({ kind: "name", old })}
        />
        {!closed && !flood.grouped && mayAct(viewer.role) && (
          <Button title={t.flood.enterHint} onClick={flood.enter}>
            {t.flood.enter}
          </Button>
        )}
        <div className="queue-right">
          {mayAct(viewer.role) && (
            <Button icon={<PlusOutlined />} onClick={report}>
              {t.desk.report.open} <kbd className="wide">N</kbd>
            </Button>
          )}
          <Button
            className="queue-help"
            icon={<QuestionCircleOutlined />}
            onClick={() => setOpen({ kind: "help" })}
          >
            <span className="wide">{t.queue.help}</span> <kbd className="wide">?</kbd>
          </Button>
        </div>
      </div>
      <div className={unfolded ? "queue-filters queue-unfolded" : "queue-filters"}>
        <FilterBar filter={filter} closed={closed} names={names} onFilter={(wanted) => setFilter(wanted)} />
      </div>
      <Beside />
      {flood.grouped && total !== undefined && (
        <p className="queue-beyond">{t.queue.beyond(incidents.filter(isOpen).length, total.all)}</p>
      )}
      <div className="queue-body">
        {closed ? (
          <ClosedList
            found={found}
            incidents={incidents}
            filtered={isFiltered(filter)}
            selected={selected}
            active={!quiet}
            onSelect={select}
            onOpen={openPage}
          />
        ) : flood.grouped ? (
          <FloodBoard
            incidents={incidents}
            flood={flood}
            selected={selected}
            onSelect={select}
            onOpen={openPage}
          />
        ) : (
          <OpenList
            list={list}
            found={found}
            filtered={isFiltered(filter)}
            late={total?.late ?? list.late}
            total={matching?.all}
            selected={selected}
            onSelect={select}
            onOpen={openPage}
            onRed={toRed}
            onLate={() => setFilter({ ...filter, overdue: !filter.overdue })}
          />
        )}
        <Preview incident={incident} actions={actions} onOpen={openPage} />
      </div>
      {dialogs}
      {open?.kind === "help" && <HelpDialog onClose={() => setOpen(null)} />}
      {open?.kind === "report" && (
        <ReportDialog
          onCancel={() => setOpen(null)}
          onDone={(id) => {
            setOpen(null);
            openPage(id);
          }}
        />
      )}
      {open?.kind === "name" && (
        <ViewNameDialog filter={open.old?.filter ?? current} old={open.old} onDone={() => setOpen(null)} />
      )}
    </div>
  );
}
