/** Tickets live: a list, then every change after it, for ever. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { API, client, type Problem, ProblemError } from "../api/client";
import type { Ticket, TicketList } from "../api/types";
import { EventLink, openAt } from "./eventLink";
import { tellLink, unanswered } from "./reach";

export interface Tickets {
  /** Undefined before the first list. */
  rows: readonly Ticket[] | undefined;
  /** Why there is none. */
  error: ProblemError | undefined;
}

const isOpen = (ticket: Ticket) => ticket.state === "open" || ticket.state === "acknowledged";

/** `rows` with the ticket as it is now; without it, if it is over and only open ones are wanted. */
export function withTicket(rows: readonly Ticket[], ticket: Ticket, withPast: boolean): readonly Ticket[] {
  const others = rows.filter((one) => one.id !== ticket.id);
  return isOpen(ticket) || withPast ? [ticket, ...others] : others;
}

export function useTickets(withPast: boolean): Tickets & { retry: () => void } {
  const queries = useQueryClient();
  const [tickets, setTickets] = useState<Tickets>({ rows: undefined, error: undefined });
  const [turn, setTurn] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` begins anew.
  useEffect(() => {
    const snapshot = async (signal: AbortSignal): Promise<TicketList | "signed_out" | "failed"> => {
      const answer = await client.tickets(withPast ? "all" : "open", signal);
      if (answer.kind === "ok") return answer.value;
      if (answer.kind === "aborted") return "failed";
      if (answer.problem.status === 401) return "signed_out";
      fail(answer.problem);
      return "failed";
    };
    const fail = (problem: Problem) =>
      setTickets((before) => ({ ...before, error: new ProblemError(problem) }));
    const link = new EventLink<TicketList>(
      { snapshot, open: openAt(`${API}/tickets/events`), now: () => Date.now() },
      {
        onState: (state) => {
          const down = state.phase !== "live" && state.failures > 0;
          tellLink(down);
          if (down && state.failures > 1) unanswered();
        },
        onSnapshot: (list) => setTickets({ rows: list.tickets, error: undefined }),
        onEvent: (event, data) => {
          if (event !== "ticket") return;
          setTickets(({ rows = [] }) => ({
            rows: withTicket(rows, data as Ticket, withPast),
            error: undefined,
          }));
        },
        // The gate asks who is signed in, and shows the sign-in.
        onSignedOut: () => void queries.invalidateQueries({ queryKey: ["session"] }),
      },
    );
    link.start();
    return () => {
      link.stop();
      tellLink(false);
    };
  }, [withPast, turn, queries]);
  return { ...tickets, retry: () => setTurn(turn + 1) };
}
