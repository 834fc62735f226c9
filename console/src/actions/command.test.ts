import { describe, expect, it } from "vitest";
import type { Answer } from "../api/client";
import type { WorkCommand } from "../api/desk";
import type { Incident, IncidentCommand } from "../api/types";
import { incident } from "../testing";
import { carryOut, carryOutAll, changesOf, uponWhich } from "./command";

/** A server that answers in turn and keeps what it was asked. */
function server(...answers: Answer<Incident>[]) {
  const asked: IncidentCommand[] = [];
  const send = async (_id: number, command: IncidentCommand | WorkCommand): Promise<Answer<Incident>> => {
    asked.push(command as IncidentCommand);
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
      { verb: "reopen", reopen_reason: "mistake", note: "x" },
      s.send,
    );
    expect(s.asked[0]).toMatchObject({ action: "reopen", reopen_reason: "mistake", note: "x" });
  });

  it("asks a person to look again when a unit was told meanwhile", async () => {
    const told = { unit: "patrol", unit_name: "巡防队", lead: true, told_ms: 1, reworks: 0 };
    const s = server(conflict(incident(1, { version: 5, state: "claimed", owner: me, units: [told] })));
    const seen = incident(1, { state: "claimed", owner: me });
    expect((await carryOut(seen, { verb: "assess" }, s.send)).kind).toBe("error");
    expect(s.asked).toHaveLength(1);
  });

  it("does not close as a false alarm what a red alarm has joined", async () => {
    const s = server(conflict(incident(1, { version: 2, level: 1, alarms: 2 })));
    const answer = await carryOut(incident(1), { verb: "close", reason: "false_alarm" }, s.send);
    expect(answer.kind).toBe("error");
    expect(answer.upon.version).toBe(1);
    expect(s.asked.map((c) => c.action)).toEqual(["claim"]);
  });

  it("does not close what was raised between taking it and closing it", async () => {
    const mine = { state: "claimed", owner: me } as const;
    const s = server(
      ok(incident(1, { version: 2, ...mine })),
      conflict(incident(1, { version: 3, level: 1, ...mine })),
    );
    const answer = await carryOut(incident(1), { verb: "close", reason: "false_alarm" }, s.send);
    expect(answer.kind).toBe("error");
    expect(answer.upon.version).toBe(2);
    expect(s.asked.map((c) => c.action)).toEqual(["claim", "close"]);
  });

  it.each([{ class: "fight" }, { area: "school" }, { level: 4 }])(
    "does not dispatch what is %j now, though nobody else holds it",
    async (fields) => {
      const assessed = { state: "assessed", owner: me } as const;
      const s = server(conflict(incident(1, { version: 5, ...assessed, ...fields })));
      const seen = incident(1, { version: 4, ...assessed });
      expect((await carryOut(seen, { verb: "dispatch", lead: "patrol" }, s.send)).kind).toBe("error");
      expect(s.asked).toHaveLength(1);
    },
  );

  it.each(["claim", "note"] as const)("needs no second look at how bad it is for a %s", async (verb) => {
    const s = server(conflict(incident(1, { version: 2, level: 1 })), ok(incident(1, { version: 3 })));
    expect((await carryOut(incident(1), { verb }, s.send)).kind).toBe("ok");
    expect(s.asked.map((c) => c.expected_version)).toEqual([1, 2]);
  });

  it("names the unit that the centre acts for, and keeps its files to itself", async () => {
    const s = server(ok(incident(1)));
    const state = incident(1, { state: "handling" });
    await carryOut(state, { verb: "feedback", unit: "patrol", note: "到场", files: [] }, s.send);
    expect(s.asked[0]).toMatchObject({ action: "feedback", unit: "patrol", note: "到场" });
    expect(s.asked[0]).not.toHaveProperty("files");
  });
});

describe("carryOutAll", () => {
  it("goes on from what the step before made of it", async () => {
    const s = server(
      ok(incident(1, { version: 2, state: "claimed", owner: me })),
      ok(incident(1, { version: 3, state: "assessed", owner: me })),
      ok(incident(1, { version: 4, state: "dispatched", owner: me })),
    );
    await carryOutAll(incident(1), [{ verb: "assess", level: 2 }, { verb: "dispatch" }], s.send);
    expect(s.asked.map((c) => [c.action, c.expected_version])).toEqual([
      ["claim", 1],
      ["assess", 2],
      ["dispatch", 3],
    ]);
  });

  it("stops at the first refusal", async () => {
    const s = server(conflict(incident(1, { version: 9, state: "closed" })));
    const seen = incident(1, { state: "claimed", owner: me });
    const answer = await carryOutAll(seen, [{ verb: "assess" }, { verb: "dispatch" }], s.send);
    expect(answer.kind).toBe("error");
    expect(s.asked).toHaveLength(1);
  });
});

describe("uponWhich", () => {
  const close = [{ verb: "close", reason: "false_alarm" }] as const;

  it("goes on to the newest version while it is what the question shows", () => {
    const noted = incident(1, { version: 4, alarms: 3, escalated: 1, overdue: true });
    expect(uponWhich(incident(1), noted, close)).toBe(noted);
    expect(uponWhich(incident(1), undefined, close).version).toBe(1);
    expect(uponWhich(incident(1, { version: 6 }), noted, close).version).toBe(6);
  });

  it("stays with what the question shows once it is something else", () => {
    for (const fields of [
      { level: 1 },
      { class: "fight" },
      { area: "school" },
      { state: "shelved" },
    ] as const)
      expect(uponWhich(incident(1), incident(1, { version: 2, ...fields }), close).version).toBe(1);
  });
});

it("says what an incident is that it was not", () => {
  const seen = incident(1);
  expect(changesOf(seen, incident(1, { version: 3, alarms: 2 }))).toEqual([]);
  expect(changesOf(seen, incident(1, { level: 1, class: "fight" }))).toEqual(["raised", "class"]);
  expect(changesOf(seen, incident(1, { level: 4, area: "school" }))).toEqual(["lowered", "area"]);
});
