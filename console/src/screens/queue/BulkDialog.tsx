/** One reason for all of a group; how far it is, what was skipped, and ten seconds to take it back. */
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Progress, Segmented } from "antd";
import { useState } from "react";
import { freshKey } from "../../actions/command";
import { client } from "../../api/client";
import type { Incident } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { useLive } from "../../live/LiveProvider";
import { type BulkDecision, carryOutBulk, undoOf } from "../../queue/bulk";

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
  const n = ask.incidents.length;
  const isFalse = ask.verb === "false_alarm";

  const run = async (incidents: readonly Incident[], what: Parameters<typeof carryOutBulk>[1]) => {
    const result = await carryOutBulk(incidents, what, client.act, freshKey, setTried);
    for (const incident of [...result.done, ...result.skipped]) book.apply(incident);
    void queries.invalidateQueries({ queryKey: ["incidents", "closed"] });
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
    const { done, skipped, broken } = await run(ask.incidents, decision);
    const words = [w.done(done.length), skipped.length > 0 ? w.skipped(skipped.length) : ""].filter(Boolean);
    message.open({
      key: "bulk",
      type: broken || skipped.length > 0 ? "warning" : "success",
      duration: UNDO_S,
      content: (
        <>
          {broken ? t.error.codes.link_down : words.join(" · ")}{" "}
          {done.length > 0 && (
            <Button size="small" onClick={() => void undo(done, decision)}>
              {w.undo}
            </Button>
          )}
        </>
      ),
    });
    onDone();
  };

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
