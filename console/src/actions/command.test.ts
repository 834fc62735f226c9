import { describe, expect, it } from "vitest";
import type { Answer } from "../api/client";
import type { Incident, IncidentCommand } from "../api/types";
import { incident } from "../testing";
import { carryOut, possible } from "./command";

/** A server that answers in turn and keeps what it was asked. */
function server(...answers: Answer<Incident>[]) {
  const asked: IncidentCommand[] = [];
  const send = async (_id: number, command: IncidentCommand): Promise<Answer<Incident>> => {
    asked.push(command);
    return answers[asked.length - 1] ?? { kind: "aborted" };
  };
  return { asked, send };
}
const ok = (i: Incident): Answer<Incident> => ({ kind: "ok", value: i });
const conflict = (current: Incident): Answer<Incident> => ({
  kind: "error",
  problem: { status: 409, code: "conflict", message: "", current },
});
const lost: Answer<Incident> = { kind: "error", problem: { status: 0, code: "unreachable", message: "" } };
const me = { id: 1, name: "王芳" };

describe("carryOut", () => {
  it("takes an unclaimed incident before it closes it", async () => {
    const s = server(
      ok(incident(1, { version: 2, state: "claimed", owner: me })),
      ok(incident(1, { version: 3 })),
    );
    await carryOut(incident(1), { verb: "close", reason: "false_alarm" }, s.send);
    expect(s.asked.map((c) => [c.action, c.expected_version, c.reason])).toEqual([
      ["claim", 1, undefined],
      ["close", 2, "false_alarm"],
    ]);
    expect(s.asked[0]?.idempotency_key).not.toBe(s.asked[1]?.idempotency_key);
  });

  it("does not close what another has taken", async () => {
    const s = server(conflict(incident(1, { version: 2, state: "claimed", owner: { id: 2, name: "李强" } })));
    const answer = await carryOut(incident(1), { verb: "close", reason: "test" }, s.send);
    expect(answer.kind).toBe("error");
    expect(s.asked).toHaveLength(1);
  });

  it("goes on when only the machine was faster", async () => {
    const s = server(conflict(incident(1, { version: 5, alarms: 2 })), ok(incident(1, { version: 6 })));
    await carryOut(incident(1), { verb: "claim" }, s.send);
    expect(s.asked.map((c) => c.expected_version)).toEqual([1, 5]);
  });

  it("asks again with the same key when the answer is lost", async () => {
    const s = server(lost, ok(incident(1)));
    expect((await carryOut(incident(1), { verb: "claim" }, s.send)).kind).toBe("ok");
    expect(s.asked[0]).toEqual(s.asked[1]);
  });

  it("gives the reason under its own name when reopening", async () => {
    const s = server(ok(incident(1)));
    await carryOut(
      incident(1, { state: "closed" }),
      { verb: "reopen", reason: "mistake", note: "x" },
      s.send,
    );
    expect(s.asked[0]).toMatchObject({ action: "reopen", reopen_reason: "mistake", note: "x" });
  });
});

describe("possible", () => {
  it.each([
    ["new", undefined, ["claim", "close"]],
    ["claimed", 1, ["release", "close"]],
    ["claimed", 2, []],
    ["closed", 1, ["reopen"]],
    ["merged", undefined, []],
  ] as const)("%s held by %s", (state, owner, verbs) => {
    const i = incident(1, { state, owner: owner === undefined ? undefined : { id: owner, name: "" } });
    expect([...possible(i, 1)]).toEqual(verbs);
  });
});
