/** What is broken, where, since when, and what to do about it: the technicians' list. */
import { useMutation } from "@tanstack/react-query";
import { Button, Empty, Input, Modal, Switch } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { client, need, type TicketAct } from "../../api/client";
import type { Ticket } from "../../api/types";
import { PageSearch } from "../../components/PageSearch";
import { Loading, Trouble } from "../../components/Trouble";
import { useNow } from "../../components/useNow";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";
import { useTickets } from "../../live/useTickets";
import "../health/health.css";
import "./tickets.css";

const isOpen = (ticket: Ticket) => ticket.state === "open" || ticket.state === "acknowledged";
const isUrgent = (ticket: Ticket) => ticket.level === 1;
/** Open ones first, urgent ones before others, then the newest. */
const rank = (ticket: Ticket) => (isOpen(ticket) ? 0 : 2) + (isUrgent(ticket) ? 0 : 1);

interface Acting {
  ticket: Ticket;
  act: TicketAct;
}

export function TicketsPage() {
  const { t } = useSpeech();
  const [words, setWords] = useState("");
  const [withPast, setWithPast] = useState(false);
  const [acting, setActing] = useState<Acting | null>(null);
  const tickets = useTickets(withPast);
  if (tickets.rows === undefined) {
    if (tickets.error === undefined) return <Loading />;
    return <Trouble title={t.tickets.failed} error={tickets.error} onRetry={tickets.retry} />;
  }
  const wanted = words.trim().toLowerCase();
  const named = (ticket: Ticket) =>
    `${ticket.camera_name ?? t.tickets.site} ${ticket.camera ?? ""} ${t.tickets.kind[ticket.kind] ?? ""}`;
  const rows = tickets.rows
    .filter((ticket) => named(ticket).toLowerCase().includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || b.first_ms - a.first_ms);
  const open = tickets.rows.filter((ticket) => ticket.state === "open").length;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t.tickets.title}</h1>
        {open > 0 && (
          <span className="dot dot-bad">
            <i aria-hidden="true" />
            {t.tickets.open(open)}
          </span>
        )}
        <span className="grow" />
        <label className="nowrap">
          <Switch size="small" checked={withPast} onChange={setWithPast} /> {t.tickets.withPast}
        </label>
        <PageSearch words={words} label={t.tickets.search} onChange={setWords} />
      </div>
      <ol className="card tickets">
        {rows.map((ticket) => (
          <Row key={ticket.id} ticket={ticket} onAct={(act) => setActing({ ticket, act })} />
        ))}
        {rows.length === 0 && (
          <Empty
            className="tickets-none"
            description={
              <>
                {t.tickets.empty}
                <div className="muted">{t.tickets.emptyHint}</div>
              </>
            }
          />
        )}
      </ol>
      {acting && <NoteDialog acting={acting} onDone={() => setActing(null)} />}
    </div>
  );
}

function Row({ ticket, onAct }: { ticket: Ticket; onAct: (act: TicketAct) => void }) {
  const { t, time } = useSpeech();
  const now = useNow();
  const open = isOpen(ticket);
  const until = ticket.recovered_ms ?? ticket.closed?.at_ms ?? ticket.last_ms;
  const remedy =
    t.tickets.remedies[ticket.code] ??
    t.tickets.remedies[ticket.kind] ??
    t.health.remedy[ticket.code] ??
    ticket.remedy;
  const hand = ticket.closed ?? ticket.acknowledged;
  return (
    <li className={open && isUrgent(ticket) ? "ticket ticket-urgent" : "ticket"} data-state={ticket.state}>
      <div className="ticket-what">
        <b>{t.tickets.kind[ticket.kind] ?? ticket.kind}</b>
        {open && isUrgent(ticket) && (
          <span className="ticket-tag" title={t.tickets.urgentHint}>
            {t.tickets.urgent}
          </span>
        )}
        {ticket.stage && (
          <span className="muted">
            {t.tickets.stage[ticket.stage] ?? ticket.stage} · <code>{ticket.code}</code>
          </span>
        )}
      </div>
      <div className="ticket-where">
        <b>{ticket.camera_name ?? ticket.camera ?? t.tickets.site}</b>
        {ticket.camera && <code className="muted">{ticket.camera}</code>}
      </div>
      <div className="ticket-since">
        <span>{time.stamp(ticket.first_ms)}</span>
        <span className="muted">
          {open
            ? t.tickets.forSpan(age(t, now - ticket.first_ms))
            : t.tickets.lasted(age(t, until - ticket.first_ms))}
          {ticket.times > 1 && ` · ${t.tickets.times(ticket.times)}`}
        </span>
      </div>
      <div className="ticket-remedy">
        {open ? <span className="remedy">{remedy}</span> : <span className="muted">{remedy}</span>}
        {ticket.kind === "noisy" && ticket.camera && open && (
          <span className="ticket-links">
            <Link to={`/rules/${ticket.camera}`}>{t.noise.tune}</Link>{" "}
            <Link to="/noise">{t.noise.title}</Link>
          </span>
        )}
        {ticket.detail !== "" && <code className="muted">{ticket.detail}</code>}
        {ticket.note !== "" && <span className="ticket-note">{ticket.note}</span>}
      </div>
      <div className="ticket-state">
        <span className={`dot dot-${ticket.state === "open" ? "bad" : open ? "idle" : "good"}`}>
          <i aria-hidden="true" />
          {t.tickets.states[ticket.state] ?? ticket.state}
        </span>
        {hand && <span className="muted">{t.tickets.by(hand.by, time.stamp(hand.at_ms))}</span>}
        {ticket.state !== "closed" && (
          <span className="ticket-acts">
            {ticket.state === "open" && (
              <Button size="small" type="primary" onClick={() => onAct("acknowledge")}>
                {t.tickets.acknowledge}
              </Button>
            )}
            <Button size="small" onClick={() => onAct("close")}>
              {t.tickets.close}
            </Button>
          </span>
        )}
      </div>
    </li>
  );
}

function NoteDialog({ acting, onDone }: { acting: Acting; onDone: () => void }) {
  const { t } = useSpeech();
  const [note, setNote] = useState("");
  const { ticket, act } = acting;
  const done = useMutation({
    mutationFn: () => need(client.actOnTicket(ticket.id, act, note.trim())),
    // The list hears of it as everybody does.
    onSuccess: onDone,
  });
  const what = act === "close" ? t.tickets.close : t.tickets.acknowledge;
  const kind = t.tickets.kind[ticket.kind] ?? ticket.kind;
  return (
    <Modal
      open
      centered
      width={440}
      title={`${what}: ${kind} · ${ticket.camera_name ?? ticket.camera ?? t.tickets.site}`}
      okText={what}
      confirmLoading={done.isPending}
      onOk={() => done.mutate()}
      onCancel={onDone}
      transitionName=""
      maskTransitionName=""
    >
      <Input.TextArea
        autoFocus
        value={note}
        onChange={(event) => setNote(event.target.value)}
        placeholder={t.tickets.noteHint}
        aria-label={t.tickets.note}
        maxLength={1000}
        autoSize={{ minRows: 3, maxRows: 6 }}
      />
      {done.isError && <Trouble title={t.tickets.failed} error={done.error} />}
    </Modal>
  );
}
