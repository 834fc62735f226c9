/** Beside the transport: marks and holds, which cameras, and how the panes behave. */
import { FolderOpenOutlined, SettingOutlined, VideoCameraOutlined } from "@ant-design/icons";
import { Popover, Segmented } from "antd";
import type { Reason, Stream } from "../../api/recordings";
import { useSpeech } from "../../i18n/context";
import type { LatePolicy } from "../../media/replay/ReplayWall";
import { MOST_PANES } from "../../timeline/address";
import { lengthWords } from "../../timeline/words";
import { Tool } from "./Transport";
import type { DeskActions } from "./useDeskKeys";

interface MarkProps {
  marks: { in_ms: number | null; out_ms: number | null };
  actions: DeskActions;
  onUnmark: () => void;
}

/** A stretch from in to out, and keeping it. */
export function MarkTools({ marks, actions, onUnmark }: MarkProps) {
  const { t } = useSpeech();
  const words = t.timeline;
  const length = marks.in_ms !== null && marks.out_ms !== null ? marks.out_ms - marks.in_ms : null;
  const hasMark = marks.in_ms !== null || marks.out_ms !== null;
  return (
    <span className="transport-group transport-right">
      {hasMark && (
        <button type="button" className="transport-link" onClick={onUnmark}>
          {length !== null && <b>{words.marked(lengthWords(t, length))}</b>} {words.unmark}
        </button>
      )}
      <Tool
        label={words.markIn}
        keys="I"
        pressed={marks.in_ms !== null}
        onClick={() => actions.mark("in_ms")}
      >
        {words.markIn}
      </Tool>
      <Tool
        label={words.markOut}
        keys="O"
        pressed={marks.out_ms !== null}
        onClick={() => actions.mark("out_ms")}
      >
        {words.markOut}
      </Tool>
      <Tool label={t.hold.make} keys="H" primary={length !== null} onClick={actions.hold}>
        {t.hold.make}
      </Tool>
    </span>
  );
}

interface Props {
  stream: Stream;
  late: LatePolicy;
  reason: Reason | null;
  chosen: number;
  overview: boolean;
  canNarrow: boolean;
  actions: DeskActions;
  onOverview: (all: boolean) => void;
  onStream: (stream: Stream) => void;
  onLate: (policy: LatePolicy) => void;
}

export function DeskTools(props: Props) {
  const { t } = useSpeech();
  const { actions } = props;
  const words = t.timeline;
  return (
    <span className="transport-group">
      <Tool
        label={`${words.choose} · ${words.cameras} ${words.chosen(props.chosen, MOST_PANES)}`}
        keys="C"
        icon={<VideoCameraOutlined />}
        onClick={() => actions.ask("cameras")}
      >
        {words.cameras} {words.chosen(props.chosen, MOST_PANES)}
      </Tool>
      {props.canNarrow && (
        <Tool
          label={props.overview ? words.onlyChosen : words.overview}
          onClick={() => props.onOverview(!props.overview)}
        >
          {props.overview ? words.onlyChosen : words.overview}
        </Tool>
      )}
      <Tool label={words.zoomOut} keys="-" onClick={() => actions.zoom(1)}>
        −
      </Tool>
      <Tool label={words.zoomIn} keys="+" onClick={() => actions.zoom(-1)}>
        +
      </Tool>
      <Tool label={t.hold.list} icon={<FolderOpenOutlined />} onClick={() => actions.ask("holds")}>
        {t.hold.list}
      </Tool>
      <Popover trigger="click" placement="topRight" content={<Settings {...props} />}>
        <span>
          <Tool label={words.settings} icon={<SettingOutlined />} onClick={() => undefined} />
        </span>
      </Popover>
      <Tool label={t.queue.help} keys="?" onClick={() => actions.ask("help")}>
        ?
      </Tool>
    </span>
  );
}

function Settings({ stream, late, reason, actions, onStream, onLate }: Props) {
  const { t } = useSpeech();
  const words = t.timeline;
  return (
    <div className="desk-settings">
      <span>{words.stream}</span>
      <Segmented
        value={stream}
        onChange={onStream}
        options={[
          { value: "main", label: t.live.main },
          { value: "sub", label: t.live.sub },
        ]}
      />
      <span>{words.late}</span>
      <Segmented
        value={late}
        onChange={onLate}
        options={[
          { value: "wait", label: words.lateWait },
          { value: "drop", label: words.lateDrop },
        ]}
      />
      <button type="button" className="transport-link" onClick={() => actions.ask("purpose")}>
        {reason ? t.purpose.shown(t.purpose.words[reason.purpose] ?? "", reason.case) : t.purpose.title}
      </button>
    </div>
  );
}
