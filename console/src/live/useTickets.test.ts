import { describe, expect, it } from "vitest";
import type { Ticket } from "../api/types";
import { withTicket } from "./useTickets";

const ticket = (id: number, state: Ticket["state"]): Ticket => ({
  id,
  kind: "stream",
  state,
  level: 1,
  code: "refused",
  detail: "",
  remedy: "",
  first_ms: 0,
  last_ms: 0,
  times: 1,
  note: "",
});

describe("a ticket that changes", () => {
  const rows = [ticket(1, "open"), ticket(2, "acknowledged")];
  const states = (past: boolean, changed: Ticket) =>
    withTicket(rows, changed, past)
      .map((one) => `${one.id} ${one.state}`)
      .sort();

  it("takes the place of what it was, and a new one comes in", () => {
    expect(states(false, ticket(1, "acknowledged"))).toEqual(["1 acknowledged", "2 acknowledged"]);
    expect(states(false, ticket(3, "open"))).toEqual(["1 open", "2 acknowledged", "3 open"]);
  });
  it("leaves the list of open ones when it is over, and stays in the list of all", () => {
    expect(states(false, ticket(1, "closed"))).toEqual(["2 acknowledged"]);
    expect(states(false, ticket(9, "recovered"))).toEqual(["1 open", "2 acknowledged"]);
    expect(states(true, ticket(1, "closed"))).toEqual(["1 closed", "2 acknowledged"]);
  });
});
