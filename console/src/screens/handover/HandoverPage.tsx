/** Handing the shift over (交接班): one signs what the queue is like, the other signs to answer for it. */
import { PrinterOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Select } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { need, ProblemError } from "../../api/client";
import { useViewer } from "../../api/session";
import type { HandoverVerb, Shift } from "../../api/types";
import { watch } from "../../api/watch";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { useHandovers, waitsFor } from "./HandoverNotice";
import { keepNote, readNote } from "./keptNote";
import { Paper, Summary } from "./Paper";
import { Past } from "./Past";
import { SignDialog } from "./SignDialog";
import "./handover.css";

const REFRESH_MS = 15_000;

export function HandoverPage() {
  const { t } = useSpeech();
  const { id } = useParams();
  return (
    <div className="page handover">
      <div className="page-head">
        <h1>{t.handover.title}</h1>
        <span className="grow" />
        {id !== undefined && (
          <>
            <Link to="/handover">{t.common.back}</Link>
            <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
              {t.handover.print}
            </Button>
          </>
        )}
      </div>
      {id === undefined ? <Desk /> : <Sheet id={Number(id)} />}
    </div>
  );
}

function useSheet(id: number | undefined) {
  return useQuery({
    queryKey: ["handover", id],
    queryFn: ({ signal }) => need(watch.handover(id ?? 0, signal)),
    refetchInterval: (query) => (query.state.data?.state === "open" ? REFRESH_MS : false),
    enabled: id !== undefined,
  });
}

/** One sheet with what can be done about it. */
function Sheet({ id }: { id: number }) {
  const { t } = useSpeech();
  const viewer = useViewer();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const sheet = useSheet(id);
  const [signing, setSigning] = useState<{ verb: Exclude<HandoverVerb, "withdraw">; here: boolean } | null>(
    null,
  );
  const withdraw = useMutation({
    mutationFn: () => need(watch.sign(id, { action: "withdraw", note: "" })),
    onSuccess: () => {
      message.success(t.handover.done.withdraw, 3);
      void queries.invalidateQueries();
    },
    onError: (error) => {
      if (error instanceof ProblemError) message.error(problemText(t, error.problem), 6);
    },
  });
  if (sheet.isPending) return <Loading />;
  // What is being signed outlives a look that failed.
  if (!sheet.data)
    return <Trouble title={t.handover.failed} error={sheet.error} onRetry={() => void sheet.refetch()} />;
  const paper = sheet.data;
  const own = paper.leaver.id === viewer.id;
  return (
    <>
      {paper.state === "open" && (own || waitsFor(paper, viewer.id)) && (
        <div className="handover-acts card">
          <div>
            <b>{own ? t.handover.waiting : t.handover.toTake}</b>
            {own && <p className="muted">{t.handover.waitingHint}</p>}
          </div>
          {own ? (
            <>
              <Button type="primary" onClick={() => setSigning({ verb: "accept", here: true })}>
                {t.handover.signHere}
              </Button>
              <Button loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
                {t.handover.withdraw}
              </Button>
            </>
          ) : (
            <>
              <Button type="primary" onClick={() => setSigning({ verb: "accept", here: false })}>
                {t.handover.take}
              </Button>
              <Button onClick={() => setSigning({ verb: "refuse", here: false })}>{t.handover.refuse}</Button>
            </>
          )}
        </div>
      )}
      <Paper handover={paper} />
      {signing && <SignDialog handover={paper} {...signing} onDone={() => setSigning(null)} />}
    </>
  );
}

function Desk() {
  const { t } = useSpeech();
  const viewer = useViewer();
  const shift = useQuery({
    queryKey: ["shift"],
    queryFn: ({ signal }) => need(watch.shift(signal)),
    refetchInterval: REFRESH_MS,
  });
  const handovers = useHandovers();
  if (shift.isPending || handovers.isPending) return <Loading />;
  const failed = shift.error ?? handovers.error;
  // A note is being written below: a look that failed does not take it away.
  if (!shift.data || !handovers.data)
    return (
      <Trouble
        title={t.handover.failed}
        error={failed}
        onRetry={() => {
          void shift.refetch();
          void handovers.refetch();
        }}
      />
    );
  const waiting = handovers.data.filter((one) => waitsFor(one, viewer.id));
  const above = [
    ...waiting.map((one) => one.id),
    ...(shift.data.open === undefined ? [] : [shift.data.open]),
  ];
  return (
    <>
      {waiting.map((one) => (
        <Sheet key={one.id} id={one.id} />
      ))}
      {shift.data.open === undefined ? <Draft shift={shift.data} /> : <Sheet id={shift.data.open} />}
      <Past above={above} />
    </>
  );
}

const shelf = () => sessionStorage;

/** Nothing is signed yet: what it would say, and what the leaver adds. */
function Draft({ shift }: { shift: Shift }) {
  const { t } = useSpeech();
  const w = t.handover;
  const { message } = App.useApp();
  const queries = useQueryClient();
  const viewer = useViewer();
  const [note, setNote] = useState(() => readNote(shelf, viewer.id));
  const write = (text: string) => {
    setNote(text);
    keepNote(shelf, viewer.id, text);
  };
  const [to, setTo] = useState<number | undefined>(undefined);
  const open = useMutation({
    mutationFn: () => need(watch.open({ note: note.trim(), meant_for: to })),
    onSuccess: () => {
      message.success(w.opened, 4);
      write("");
      void queries.invalidateQueries({ queryKey: ["shift"] });
      void queries.invalidateQueries({ queryKey: ["handovers"] });
    },
    onError: (error) => {
      if (error instanceof ProblemError) message.error(problemText(t, error.problem), 6);
    },
  });
  return (
    <section className="card paper">
      <header className="paper-head">
        <h2>{w.mine}</h2>
      </header>
      <p className="muted">{w.hint}</p>
      <div className="draft">
        <label>
          <span>{w.note}</span>
          <Input.TextArea
            value={note}
            maxLength={2000}
            placeholder={w.noteHint}
            autoSize={{ minRows: 3, maxRows: 8 }}
            onChange={(event) => write(event.target.value)}
          />
        </label>
        <div className="draft-sign">
          <Select
            allowClear
            aria-label={w.to}
            placeholder={w.anyone}
            value={to}
            onChange={(chosen: number | undefined) => setTo(chosen)}
            options={shift.takers.map((taker) => ({ value: taker.id, label: taker.name }))}
          />
          <Button type="primary" size="large" loading={open.isPending} onClick={() => open.mutate()}>
            {w.submit}
          </Button>
        </div>
      </div>
      <Summary summary={shift.summary} />
    </section>
  );
}
