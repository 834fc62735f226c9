import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Assignment } from "../api/desk";
import { incident } from "../testing";
import { type CentreVerb, LINES, possible, stepOf, takesFirst, unitVerbs, verbOf } from "./lifecycle";

const unit = (fields: Partial<Assignment> = {}): Assignment => ({
  unit: "patrol",
  unit_name: "巡防队",
  lead: true,
  told_ms: 1,
  reworks: 0,
  ...fields,
});

describe("the mirror of the gateway's table", () => {
  const source = readFileSync("../gateway/domain/src/incident/table.rs", "utf8");
  const snake = (name: string) => name.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  const consts = new Map<string, string>();
  for (const [, name, body] of source.matchAll(/const (\w+): &\[S\] =\s*&\[([^\]]*)\]/g)) {
    if (name && body !== undefined) consts.set(name, body);
  }
  const rows = new Map<string, string[]>();
  for (const [, action, from] of source.matchAll(/row\(A::(\w+), (&\[[^\]]*\]|[A-Z_]+|S::ALL),/g)) {
    if (!action || !from) continue;
    const names = from.startsWith("&[") ? from.slice(2, -1) : consts.get(from);
    rows.set(snake(action), names === undefined ? ["*"] : names.split(",").map((name) => snake(name.trim())));
  }

  it("is read", () => expect(rows.size).toBeGreaterThan(30));
  it.each(Object.keys(LINES) as CentreVerb[])("%s", (verb) => {
    const listed = rows.get(verb);
    expect(listed).toBeDefined();
    if (listed?.[0] === "*") expect(LINES[verb].from).toHaveLength(13);
    else expect([...LINES[verb].from].sort()).toEqual([...(listed ?? [])].sort());
  });
});

describe("possible", () => {
  it.each([
    ["new", undefined, ["claim", "assess", "close", "reject", "merge", "shelve", "raise", "note"]],
    ["claimed", 1, ["release", "assess", "urge", "close", "reject", "merge", "shelve", "raise", "note"]],
    ["claimed", 2, ["take_over", "urge", "raise", "note"]],
    [
      "handling",
      2,
      ["take_over", "dispatch", "withdraw", "urge", "extend", "hold", "merge", "raise", "note"],
    ],
    ["done", 1, ["urge", "verify", "rework", "merge", "raise", "note"]],
    ["verified", 1, ["close", "merge", "raise", "note"]],
    ["closed", 1, ["revisit", "archive", "reopen", "note"]],
    ["merged", undefined, ["unmerge", "note"]],
  ] as const)("%s held by %s", (state, owner, verbs) => {
    const i = incident(1, { state, owner: owner === undefined ? undefined : { id: owner, name: "" } });
    expect([...possible(i, 1)].sort()).toEqual([...verbs].sort());
  });

  it("takes the server's word before its own", () => {
    const i = {
      ...incident(1, { state: "claimed", owner: { id: 1, name: "" } }),
      choices: ["note", "sign_in"],
    };
    expect([...possible(i, 1)]).toEqual(["note"]);
  });

  it("lets anybody claim once the lease is over", () => {
    const i = incident(1, { state: "claimed", owner: { id: 2, name: "" }, lease_until_ms: 5 });
    expect(possible(i, 1, 4).has("claim")).toBe(false);
    expect(possible(i, 1, 5).has("claim")).toBe(true);
    expect([possible(i, 1, 4).has("take_over"), possible(i, 1, 5).has("take_over")]).toEqual([true, false]);
  });

  it("ends a hold only where there is one", () => {
    const held = incident(1, { state: "handling", held_since_ms: 3 });
    expect(possible(held, 1).has("unhold")).toBe(true);
    expect(possible(held, 1).has("hold")).toBe(false);
  });
});

it("no two verbs that share a key are possible together", () => {
  const states = LINES.note.from;
  for (const state of states) {
    for (const held_since_ms of [undefined, 3]) {
      for (const id of [1, 2]) {
        const i = incident(1, {
          state,
          held_since_ms,
          asked_due_ms: 9,
          asked_hold_ms: 9,
          owner: { id, name: "" },
        });
        const keys = [...possible(i, 1)].map((verb) => LINES[verb].key);
        expect(new Set(keys).size).toBe(keys.length);
      }
    }
  }
});

it("means by a key what is possible", () => {
  expect(verbOf("v", new Set(["revisit"]))).toBe("revisit");
  expect(verbOf("v", new Set())).toBe("verify");
  expect(verbOf("=", new Set(["raise"]))).toBe("raise");
  expect(verbOf("y", new Set())).toBeUndefined();
});

it("claims what is new before it assesses it", () => {
  expect(takesFirst(incident(1), "assess")).toBe(true);
  expect(takesFirst(incident(1), "shelve")).toBe(false);
  expect(takesFirst(incident(1, { state: "claimed" }), "assess")).toBe(false);
});

describe("what a unit may do next", () => {
  const at = (state: "dispatched" | "signed" | "handling" | "done", one: Assignment, more = {}) =>
    unitVerbs(one, incident(1, { state, due_ms: 9, ...more }));
  it("goes step by step", () => {
    expect(at("dispatched", unit())).toEqual(["sign_in", "feedback", "ask_extension", "return", "ask_hold"]);
    expect(at("signed", unit({ signed_ms: 2 }))).toEqual([
      "arrive",
      "feedback",
      "ask_extension",
      "return",
      "ask_hold",
    ]);
    expect(at("handling", unit({ signed_ms: 2, arrived_ms: 3 }))).toEqual([
      "feedback",
      "finish",
      "ask_extension",
      "return",
      "ask_hold",
    ]);
    expect(at("done", unit({ signed_ms: 2, arrived_ms: 3, finished_ms: 4 }))).toEqual(["feedback"]);
  });
  it("asks for a hold once, and not while it is held", () => {
    expect(at("signed", unit({ signed_ms: 2 }), { asked_hold_ms: 4 })).not.toContain("ask_hold");
    expect(at("signed", unit({ signed_ms: 2 }), { held_since_ms: 4 })).not.toContain("ask_hold");
  });
  it("asks for no more time once it has run out, and does nothing once it is gone", () => {
    expect(at("signed", unit({ signed_ms: 2 }), { overdue: true })).not.toContain("ask_extension");
    expect(at("signed", unit({ ended_ms: 5 }))).toEqual([]);
  });
});

it.each([
  ["new", {}, 0],
  ["handling", {}, 3],
  ["handling", { urged: 2 }, 4],
  ["revisited", {}, 7],
  ["shelved", {}, undefined],
] as const)("stands at a step: %s %j", (state, more, step) => {
  expect(stepOf(incident(1, { state, ...more }))).toBe(step);
});
