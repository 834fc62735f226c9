/** One reason for all of a group; how far it is, what was skipped, and ten seconds to take it back. */
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Progress, Segmented } from "antd";
import { useState } from "react";
import { freshKey } from "../../actions/command";
import { client } from "../../api/client";
import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { useLive } from "../../live/LiveProvider";
import { FOUND } from "../../live/renewal";
import { type BulkDecision, type BulkRefusal, type BulkResult, carryOutBulk, undoOf } from "../../queue/bulk";

export interface BulkAsk {
  verb: BulkDecision["verb"];
  /** Camera and class, for people. */
  what: string;
  incidents: readonly Incident[];
}

const SHELF_MIN = [30, 60, 240];
const UNDO_S = 10;

export function BulkDialog({ ask, onDone }: { ask: BulkAsk; onDone: () => void }) {
  const { t } = useSpeech();
  const w = t.flood;
  const { book } = useLive();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const [minutes, setMinutes] = useState(SHELF_MIN[0] ?? 30);
  const [tried, setTried] = useState<number | null>(null);
  const [left, setLeft] = useState<BulkResult | null>(null);
  const n = ask.incidents.length;
  const isFalse = ask.verb === "false_alarm";

  const whyLeft = (reason: BulkRefusal): string => {
    switch (reason.why) {
      case "changed":
        return reason.by === undefined ? w.why.changed : w.why.changedBy(reason.by);
      case "refused":
        return problemText(t, reason.problem);
      default:
        return w.why[reason.why];
    }
  };
  const run = async (incidents: readonly Incident[], what: Parameters<typeof carryOutBulk>[1]) => {
    const result = await carryOutBulk(incidents, what, client.act, freshKey, setTried);
    for (const incident of result.done) book.apply(incident);
    for (const { incident } of result.refused) book.apply(incident);
    void queries.invalidateQueries({ queryKey: FOUND });
    return result;
  };
  const undo = async (done: readonly Incident[], decision: BulkDecision) => {
    message.destroy("bulk");
    const back = await run(done, undoOf(decision, w.undo));
    message.info(w.undone(back.done.length), 4);
  };
  const decide = async () => {
    if (note.trim() === "" || tried !== null) return;
    const decision: BulkDecision = isFalse
      ? { verb: "false_alarm", note: note.trim() }
      : { verb: "shelve", until_ms: Date.now() + minutes * 60_000, note: note.trim() };
    const result = await run(ask.incidents, decision);
    const { done, refused } = result;
    message.open({
      key: "bulk",
      type: refused.length > 0 ? "warning" : "success",
      duration: UNDO_S,
      content: (
        <>
          {[w.done(done.length), refused.length > 0 ? w.left(refused.length) : ""]
            .filter(Boolean)
            .join(" · ")}{" "}
          {done.length > 0 && (
            <Button size="small" onClick={() => void undo(done, decision)}>
              {w.undo}
            </Button>
          )}
        </>
      ),
    });
    // What was left stays in sight, by name and reason, until somebody has read it.
    if (refused.length > 0) setLeft(result);
    else onDone();
  };

  if (left) {
    return (
      <Modal
        open
        centered
        width={560}
        title={`${w.done(left.done.length)} · ${w.left(left.refused.length)}`}
        footer={
          <Button type="primary" autoFocus onClick={onDone}>
            {t.common.confirm}
          </Button>
        }
        onCancel={onDone}
        transitionName=""
        maskTransitionName=""
      >
        <ul className="bulk-left" data-testid="bulk-left">
          {left.refused.map(({ incident, reason }) => (
            <li key={incident.id} data-why={reason.why}>
              <a href={`/incidents/${incident.id}`} target="_blank" rel="noreferrer">
                #{incident.number}
              </a>{" "}
              {whyLeft(reason)}
            </li>
          ))}
        </ul>
      </Modal>
    );
  }

  return (
    <Modal
      open
      centered
      width={460}
      title={isFalse ? w.falseTitle(ask.what, n) : w.shelveTitle(ask.what, n)}
      okText={isFalse ? w.falseAll(n) : w.shelveAll(n)}
      okButtonProps={{ disabled: note.trim() === "", danger: isFalse }}
      confirmLoading={tried !== null}
      closable={tried === null}
      onOk={() => void decide()}
      onCancel={() => tried === null && onDone()}
      transitionName=""
      maskTransitionName=""
    >
      <p className="muted">{isFalse ? w.falseHint : w.shelveHint}</p>
      {!isFalse && (
        <Segmented
          value={minutes}
          onChange={setMinutes}
          options={SHELF_MIN.map((value) => ({ value, label: w.minutes(value) }))}
        />
      )}
      <Input.TextArea
        autoFocus
        className="bulk-note"
        value={note}
        maxLength={500}
        placeholder={w.reason}
        aria-label={w.reason}
        autoSize={{ minRows: 2, maxRows: 5 }}
        onChange={(event) => setNote(event.target.value)}
      />
      {tried !== null && (
        <Progress percent={Math.round((tried / n) * 100)} format={() => w.doing(tried, n)} />
      )}
    </Modal>
  );
}
