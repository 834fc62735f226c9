import { Modal } from "antd";
import { useSpeech } from "../i18n/context";
import { useKeys } from "./keys";

interface Props {
  onClose: () => void;
  /** The page that was asked about comes first. */
  first?: "queue" | "timeline";
}

/** All keys of the queue, the incident page and the timeline. */
export function HelpDialog({ onClose, first = "queue" }: Props) {
  const { t } = useSpeech();
  useKeys({ "?": onClose });
  const queue: [string, string][] = [
    ["J K", t.keys.move],
    ["Enter", t.keys.open],
    ["C", t.keys.claim],
    ["U", t.keys.release],
    ["X", t.keys.close],
    ["F", t.keys.falseAlarm],
    ["N", t.keys.fresh],
    ["R", t.keys.red],
    ["L", t.keys.live],
    ["/", t.keys.search],
    ["?", t.keys.help],
    ["Esc", t.keys.esc],
  ];
  const incident: [string, string][] = [
    ["Space", t.keys.play],
    ["← →", t.keys.frame],
    [", .", t.keys.second],
    ["B", t.keys.begin],
    ["J K", t.keys.move],
    ["C U X F", `${t.act.claim} / ${t.act.release} / ${t.act.close} / ${t.act.falseAlarm}`],
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
      width={first === "timeline" ? 960 : 680}
      footer={null}
      title={t.keys.title}
      onCancel={onClose}
      transitionName=""
      maskTransitionName=""
    >
      <div className="help">
        {first === "timeline" && playback}
        <KeyList title={t.keys.queue} rows={queue} />
        <KeyList title={t.keys.incident} rows={incident} />
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
