import { describe, expect, it } from "vitest";
import type { Answer } from "../api/client";
import type { Incident, IncidentCommand } from "../api/types";
import { incident } from "../testing";
import { carryOutBulk, MOST_BULK, undoOf } from "./bulk";

/** A server that holds incidents and goes by their versions. */
function server(incidents: Incident[], fail?: (command: IncidentCommand) => Answer<Incident> | undefined) {
  const byId = new Map(incidents.map((i) => [i.id, i]));
  const asked: [number, string, number][] = [];
  const send = async (id: number, command: IncidentCommand): Promise<Answer<Incident>> => {
    asked.push([id, command.action, command.expected_version]);
    const failed = fail?.(command);
    if (failed) return failed;
    const now = byId.get(id);
    if (!now || now.version !== command.expected_version)
      return { kind: "error", problem: { status: 409, code: "conflict", message: "", current: now } };
    const state = command.action === "claim" ? "claimed" : command.action === "shelve" ? "shelved" : "closed";
    const next: Incident = { ...now, version: now.version + 1, state };
    byId.set(id, next);
    return { kind: "ok", value: next };
  };
  return { send, asked };
}

let n = 0;
const key = () => `k${n++}`;
const decision = { verb: "false_alarm", note: "树影" } as const;

describe("one decision for many", () => {
  it("is an action of its own for each, with the version that was seen", async () => {
    const s = server([incident(1), incident(2, { version: 7 })]);
    const result = await carryOutBulk([incident(1), incident(2, { version: 7 })], decision, s.send, key);
    expect(s.asked).toEqual([
      [1, "claim", 1],
      [1, "close", 2],
      [2, "claim", 7],
      [2, "close", 8],
    ]);
    expect(result.done.map((i) => [i.id, i.state])).toEqual([
      [1, "closed"],
      [2, "closed"],
    ]);
  });

  it("skips what somebody has changed, and goes on", async () => {
    const s = server([incident(1, { version: 4, state: "claimed" }), incident(2)]);
    const shelve = { verb: "shelve", until_ms: 9, note: "施工" } as const;
    const result = await carryOutBulk([incident(1), incident(2)], shelve, s.send, key);
    expect(result.refused.map((one) => [one.incident.id, one.incident.version, one.reason])).toEqual([
      [1, 4, { why: "changed", by: undefined }],
    ]);
    expect(result.done.map((i) => i.id)).toEqual([2]);
  });

  it("stops where the server is away instead of pretending", async () => {
    const away: Answer<Incident> = { kind: "error", problem: { status: 0, code: "link_down", message: "" } };
    const s = server([incident(1), incident(2), incident(3)], (c) =>
      c.action === "close" ? away : undefined,
    );
    const result = await carryOutBulk([incident(1), incident(2), incident(3)], decision, s.send, key);
    expect(result.broken).toBe(true);
    expect(s.asked).toHaveLength(2);
    expect(result.done).toEqual([]);
    expect(result.refused.map((one) => [one.incident.id, one.reason.why])).toEqual([
      [1, "unreachable"],
      [2, "unreachable"],
      [3, "unreachable"],
    ]);
  });

  it("leaves red ones to be decided one by one, also those that have become red", async () => {
    const s = server([incident(1, { level: 1 }), incident(2, { version: 3, level: 1 }), incident(3)]);
    const result = await carryOutBulk(
      [incident(1, { level: 1 }), incident(2), incident(3)],
      decision,
      s.send,
      key,
    );
    expect(result.refused.map((one) => [one.incident.id, one.reason.why])).toEqual([
      [1, "red"],
      [2, "red"],
    ]);
    expect(s.asked.some(([id]) => id === 1)).toBe(false);
    expect(result.done.map((i) => i.id)).toEqual([3]);
  });

  it("says what the gateway refused, and why", async () => {
    const problem = { status: 422, code: "illegal", message: "" };
    const s = server([incident(1)], (c) => (c.action === "close" ? { kind: "error", problem } : undefined));
    const result = await carryOutBulk([incident(1)], decision, s.send, key);
    expect(result.refused.map((one) => one.reason)).toEqual([{ why: "refused", problem }]);
  });

  it("takes no more than it may, and can be taken back", async () => {
    const many = Array.from({ length: MOST_BULK + 5 }, (_, i) => incident(i));
    const s = server(many);
    const result = await carryOutBulk(many, { verb: "shelve", until_ms: 9, note: "x" }, s.send, key);
    expect(result.done).toHaveLength(MOST_BULK);
    expect(result.refused.map((one) => one.reason.why)).toEqual([
      "limit",
      "limit",
      "limit",
      "limit",
      "limit",
    ]);
    expect(undoOf({ verb: "shelve", until_ms: 9, note: "x" }, "撤销")).toEqual([{ action: "unshelve" }]);
    expect(undoOf(decision, "撤销")).toEqual([{ action: "reopen", reopen_reason: "mistake", note: "撤销" }]);
  });
});
