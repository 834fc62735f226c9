import { describe, expect, it } from "vitest";
import type { Answer } from "../../api/client";
import type { WorkCommand } from "../../api/phone";
import type { Assignment, Incident, IncidentDetail } from "../../api/types";
import { incident } from "../../testing";
import { type Deed, deliver, isDone, type Wire } from "./deed";

const WHO = { unit: "patrol", viewer: 7 };
const part = (fields: Partial<Assignment> = {}): Assignment => ({
  unit: "patrol",
  unit_name: "巡防队",
  lead: true,
  told_ms: 1,
  reworks: 0,
  ...fields,
});
const at = (version: number, fields: Partial<Assignment> = {}) =>
  incident(1, { state: "dispatched", version, units: [part(fields)] });
const deed = (fields: Partial<Deed> = {}): Deed => ({
  incident: 1,
  action: "feedback",
  note: "到了",
  photos: [],
  ...fields,
});
const photo = (name: string) => ({ name, bytes: new Blob([name]) });
const ok = (value: Incident): Answer<Incident> => ({ kind: "ok", value });
const lost: Answer<never> = { kind: "error", problem: { status: 0, code: "unreachable", message: "" } };
const refusal = (status: number, code: string, current?: Incident): Answer<never> => ({
  kind: "error",
  problem: { status, code, message: "", current },
});

/** A gateway that answers in this order, and what it was asked. */
function wire(answers: Answer<Incident>[], more: Partial<Wire> = {}) {
  const asked: WorkCommand[] = [];
  const kept: Deed[] = [];
  const files: string[] = [];
  const made: Wire = {
    work: async (_id, command) => {
      asked.push(command);
      return answers.shift() ?? lost;
    },
    attach: async (_id, name) => {
      files.push(name);
      return { kind: "ok", value: { attachment: files.length, incident: at(10 + files.length) } };
    },
    detail: async () => lost,
    keep: async (deed) => void kept.push(structuredClone(deed)),
    ...more,
  };
  return { wire: made, asked, kept, files };
}

describe("deliver", () => {
  it("sends photos first, and the words with the version that they made", async () => {
    const w = wire([ok(at(13))]);
    const outcome = await deliver(deed({ photos: [photo("a"), photo("b")] }), at(3), WHO, w.wire);
    expect(outcome.kind).toBe("done");
    expect(w.files).toEqual(["a", "b"]);
    expect(w.asked[0]).toMatchObject({ action: "feedback", expected_version: 12, note: "到了" });
  });

  it("keeps the command before it goes out, and sends the very same one again", async () => {
    const w = wire([lost, ok(at(4))]);
    const mine = deed();
    expect((await deliver(mine, at(3), WHO, w.wire)).kind).toBe("lost");
    expect(w.kept[0]?.sent).toEqual(w.asked[0]);
    expect((await deliver(mine, at(9), WHO, w.wire)).kind).toBe("done");
    expect(w.asked).toHaveLength(2);
    expect(w.asked[1]).toEqual(w.asked[0]);
  });

  it("tries nothing again by itself when the network is gone", async () => {
    const w = wire([lost, ok(at(4))]);
    await deliver(deed(), at(3), WHO, w.wire);
    expect(w.asked).toHaveLength(1);
  });

  it("sends no photo twice and goes on where it stopped", async () => {
    let isDown = true;
    const w = wire([ok(at(13))]);
    const attach = w.wire.attach;
    const flaky: Wire = {
      ...w.wire,
      attach: async (id, name, bytes) => (name === "b" && isDown ? lost : attach(id, name, bytes)),
    };
    const mine = deed({ photos: [photo("a"), photo("b")] });
    expect((await deliver(mine, at(3), WHO, flaky)).kind).toBe("lost");
    expect(w.asked).toHaveLength(0);
    isDown = false;
    expect((await deliver(mine, at(3), WHO, flaky)).kind).toBe("done");
    expect(w.files).toEqual(["a", "b"]);
  });

  it("goes on when something else moved the version", async () => {
    const w = wire([refusal(409, "conflict", at(8)), ok(at(9))]);
    expect((await deliver(deed(), at(3), WHO, w.wire)).kind).toBe("done");
    expect(w.asked.map((command) => command.expected_version)).toEqual([3, 8]);
    expect(w.asked[0]?.idempotency_key).not.toBe(w.asked[1]?.idempotency_key);
  });

  it("asks the person when their own part has changed", async () => {
    const w = wire([refusal(409, "conflict", at(8, { finished_ms: 5 }))]);
    const mine = deed();
    expect((await deliver(mine, at(3), WHO, w.wire)).kind).toBe("changed");
    expect(mine.sent).toBeUndefined();
  });

  it("finds a lost one in the history when its key is forgotten", async () => {
    const sent = { action: "feedback" as const, expected_version: 3, idempotency_key: "k" };
    const row = { at_ms: 1, action: "feedback", to: "handling" as const, level: 3, version: 4 };
    const detail = {
      ...at(8),
      history: [{ ...row, actor: { id: 7, name: "" } }],
    } as unknown as IncidentDetail;
    const w = wire([refusal(409, "conflict", at(8))], {
      detail: async () => ({ kind: "ok", value: detail }),
    });
    expect((await deliver(deed({ sent }), at(8), WHO, w.wire)).kind).toBe("done");
    expect(w.asked).toHaveLength(1);
  });

  it("is another command after a clear no", async () => {
    const w = wire([refusal(422, "note_needed")]);
    const mine = deed({ lost_ms: 5 });
    expect((await deliver(mine, at(3), WHO, w.wire)).kind).toBe("refused");
    expect(mine.sent).toBeUndefined();
    expect(mine.lost_ms).toBeUndefined();
  });

  it.each([
    [401, "signed_out"],
    [404, "gone"],
    [503, "lost"],
  ])("knows what %i means", async (status, kind) => {
    expect((await deliver(deed(), at(3), WHO, wire([refusal(status, "x")]).wire)).kind).toBe(kind);
  });
});

describe("isDone", () => {
  const sent = { action: "sign_in" as const, expected_version: 3, idempotency_key: "k" };
  it("sees that only the answer was lost", () => {
    expect(isDone(deed({ action: "sign_in", sent }), at(4, { signed_ms: 9 }), "patrol")).toBe(true);
    expect(isDone(deed({ action: "sign_in", sent }), at(4), "patrol")).toBe(false);
    expect(isDone(deed({ action: "sign_in" }), at(4, { signed_ms: 9 }), "patrol")).toBe(false);
  });
});
