/** What is kept from being overwritten, by whom and why; and letting it go. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Drawer, Empty, Input, Modal, Switch } from "antd";
import { type FormEvent, useState } from "react";
import { need } from "../../api/client";
import { type Hold, recordings } from "../../api/recordings";
import { focusSoon } from "../../components/focusSoon";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { bytes, problemText } from "../../i18n/format";
import { lengthWords } from "../../timeline/words";

interface Props {
  nameOf: (camera: string) => string;
  now_ms: number;
  onShow: (hold: Hold) => void;
  onClose: () => void;
}

export function HoldsDrawer({ nameOf, now_ms, onShow, onClose }: Props) {
  const { t } = useSpeech();
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const holds = useQuery({
    queryKey: ["holds", all],
    queryFn: ({ signal }) => need(recordings.holds(all ? "all" : "open", signal)),
  });
  const released = () => {
    setReleasing(null);
    void queries.invalidateQueries({ queryKey: ["holds"] });
    void queries.invalidateQueries({ queryKey: ["timeline"] });
  };
  // What is overdue for review comes first, then what is due next.
  const rows = [...(holds.data ?? [])].sort(
    (a, b) => Number(a.released_ms !== null) - Number(b.released_ms !== null) || a.review_ms - b.review_ms,
  );
  return (
    <Drawer
      open
      placement="right"
      size={420}
      title={t.hold.list}
      onClose={onClose}
      extra={
        <label className="nowrap">
          <Switch size="small" checked={all} onChange={setAll} /> {t.hold.all}
        </label>
      }
    >
      {holds.isPending && <Loading />}
      {holds.isError && (
        <Trouble title={t.hold.failed} error={holds.error} onRetry={() => void holds.refetch()} />
      )}
      {holds.isSuccess && rows.length === 0 && <Empty description={t.hold.empty} />}
      <ol className="holds">
        {rows.map((hold) => (
          <HoldRow
            key={hold.id}
            hold={hold}
            name={nameOf(hold.camera)}
            now_ms={now_ms}
            onShow={() => onShow(hold)}
            onRelease={() => setReleasing(hold)}
          />
        ))}
      </ol>
      {releasing && <ReleaseDialog hold={releasing} onDone={released} onCancel={() => setReleasing(null)} />}
    </Drawer>
  );
}

interface RowProps {
  hold: Hold;
  name: string;
  now_ms: number;
  onShow: () => void;
  onRelease: () => void;
}

function HoldRow({ hold, name, now_ms, onShow, onRelease }: RowProps) {
  const { t, time } = useSpeech();
  const isOver = hold.released_ms !== null;
  const isOverdue = !isOver && hold.review_ms < now_ms;
  return (
    <li className={isOver ? "hold hold-over" : "hold"}>
      <b>{hold.case_number}</b>
      <span>
        {name} · {time.stamp(hold.from_ms)} – {time.stamp(hold.to_ms)}
      </span>
      <span className="muted">
        {lengthWords(t, hold.to_ms - hold.from_ms)} · {bytes(hold.bytes)} ·{" "}
        {t.hold.by(hold.owner, time.stamp(hold.created_ms))}
      </span>
      {hold.note !== "" && <q>{hold.note}</q>}
      {hold.released_ms !== null && hold.released_by !== null ? (
        <span className="muted">{t.hold.released(hold.released_by, time.stamp(hold.released_ms))}</span>
      ) : (
        <span className={isOverdue ? "hold-due" : "muted"}>
          {t.hold.reviewOn(time.date(hold.review_ms))}
          {isOverdue && ` · ${t.hold.overdue}`}
        </span>
      )}
      {!isOver && (
        <span className="hold-buttons">
          <Button size="small" onClick={onShow}>
            {t.hold.show}
          </Button>
          <Button size="small" onClick={onRelease}>
            {t.hold.release}
          </Button>
        </span>
      )}
    </li>
  );
}

function ReleaseDialog({ hold, onDone, onCancel }: { hold: Hold; onDone: () => void; onCancel: () => void }) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const [reason, setReason] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === "") return;
    const answer = await recordings.releaseHold(hold.id, reason.trim());
    if (answer.kind === "error") message.error(problemText(t, answer.problem));
    else if (answer.kind === "ok") onDone();
  };
  return (
    <Modal
      open
      centered
      width={420}
      footer={null}
      title={`${t.hold.releaseTitle} · ${hold.case_number}`}
      onCancel={onCancel}
      transitionName=""
      maskTransitionName=""
    >
      <form className="ask" onSubmit={(event) => void submit(event)}>
        <p className="muted">{t.hold.releaseHint}</p>
        <label htmlFor="release-reason">{t.hold.releaseReason}</label>
        <Input
          id="release-reason"
          ref={focusSoon}
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.target.value)}
        />
        <Button type="primary" htmlType="submit" disabled={reason.trim() === ""} block>
          {t.hold.release}
        </Button>
      </form>
    </Modal>
  );
}
