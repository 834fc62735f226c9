import { Modal } from "antd";
import { useSpeech } from "../i18n/context";
import { useKeys } from "./keys";

interface Props {
  onClose: () => void;
  /** The page that was asked about comes first. */
  first?: "queue" | "incident" | "timeline";
}

/** The keys of the page that was asked about, and of those beside it. */
export function HelpDialog({ onClose, first = "queue" }: Props) {
  const { t } = useSpeech();
  useKeys({ "?": onClose });
  const { keys } = t.desk;
  const queue: [string, string][] = [
    ["J K", t.keys.move],
    ["Enter", t.keys.open],
    ["C U", keys.accept],
    ["F", t.keys.falseAlarm],
    ["X", t.keys.close],
    ["A D", keys.assess],
    ["S M", keys.shelve],
    ["N", keys.report],
    ["R", t.keys.red],
    ["E Y", `${keys.late} / ${keys.mine}`],
    ["0 1 … 9", keys.views],
    ["V", keys.save],
    ["G", keys.fresh],
    ["/", t.keys.search],
    ["L", t.keys.live],
    ["?", t.keys.help],
    ["Esc", t.keys.esc],
  ];
  const steps: [string, string][] = [
    ["C U", keys.accept],
    ["A D", keys.assess],
    ["1 … 9", keys.units],
    ["W", keys.withdraw],
    ["G", keys.urge],
    ["E Q", keys.extension],
    ["H", keys.hold],
    ["V R", keys.verify],
    ["X F R", keys.settle],
    ["Z O", keys.archive],
    ["S M", keys.put],
    ["+", keys.raise],
    ["P I", keys.note],
    ["Ctrl+Enter", keys.submit],
  ];
  const incident: [string, string][] = [
    ["Space", t.keys.play],
    ["← →", t.keys.frame],
    [", .", t.keys.second],
    ["B", t.keys.begin],
    ["J K", t.keys.move],
    ["L", t.keys.live],
    ["T", t.timeline.open],
    ["Esc", t.keys.back],
  ];
  const timeline: [string, string][] = [
    ["Space", t.keysTimeline.play],
    ["← →", t.keysTimeline.seconds],
    ["Shift+← Shift+→", t.keysTimeline.minute],
    [", .", t.keysTimeline.frame],
    ["< >", t.keysTimeline.speed],
    ["N P", t.keysTimeline.alarm],
    ["G", t.keysTimeline.goTo],
    ["End", t.keysTimeline.edge],
    ["+ -", t.keysTimeline.zoom],
    ["1 … 9", t.keysTimeline.focus],
    ["Enter", t.keysTimeline.enlarge],
    ["I O", t.keysTimeline.marks],
    ["H", t.keysTimeline.hold],
    ["C", t.keysTimeline.choose],
    ["?", t.keysTimeline.help],
  ];
  const playback = <KeyList title={t.keysTimeline.title} rows={timeline} />;
  return (
    <Modal
      open
      centered
      width={first === "timeline" ? 960 : 720}
      footer={null}
      title={t.keys.title}
      onCancel={onClose}
      transitionName=""
      maskTransitionName=""
    >
      <div className="help">
        {first === "timeline" && playback}
        {first !== "incident" && <KeyList title={t.keys.queue} rows={queue} />}
        {first !== "timeline" && <KeyList title={keys.seven} rows={steps} />}
        {first !== "queue" && <KeyList title={t.keys.incident} rows={incident} />}
      </div>
    </Modal>
  );
}

function KeyList({ title, rows }: { title: string; rows: readonly [string, string][] }) {
  return (
    <section>
      <h2>{title}</h2>
      <dl>
        {rows.map(([keys, words]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
