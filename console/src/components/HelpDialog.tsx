import { Modal } from "antd";
import { useSpeech } from "../i18n/context";
import { useKeys } from "./keys";

/** All keys of the queue and the incident page. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
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
    ["Esc", t.keys.back],
  ];
  return (
    <Modal
      open
      centered
      width={680}
      footer={null}
      title={t.keys.title}
      onCancel={onClose}
      transitionName=""
      maskTransitionName=""
    >
      <div className="help">
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
