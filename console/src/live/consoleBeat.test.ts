import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConsoleWord } from "../api/types";
import { ConsoleBeat, consoleName } from "./consoleBeat";

function harness() {
  const words: ConsoleWord[] = [];
  let answer: number | null = 20_000;
  const beat = new ConsoleBeat("tab", {
    send: async (word) => {
      words.push(word);
      return answer;
    },
    elapsed: () => Date.now(),
  });
  return { beat, words, answers: (again: number | null) => (answer = again) };
}

const OFF = { kind: "blocked", wanted: false, refused: false } as const;
const ARMED = { kind: "armed", ringing: false } as const;

describe("ConsoleBeat", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("says it at once when it changes, and again as often as the gateway asks", async () => {
    const h = harness();
    h.beat.set(OFF);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(h.words.map((word) => [word.sound, word.for_ms])).toEqual([
      ["off", 0],
      ["off", 20_000],
    ]);
    h.beat.set(ARMED);
    // Ringing is no other sound.
    h.beat.set({ ...ARMED, ringing: true });
    expect(h.words).toHaveLength(3);
    expect(h.words[2]).toEqual({ console: "tab", sound: "armed", for_ms: 0 });
    h.beat.set({ kind: "muted", until_ms: 9 });
    await vi.advanceTimersByTimeAsync(5_000);
    h.beat.set({ kind: "muted", until_ms: 99 });
    expect(h.words.slice(3)).toEqual([
      { console: "tab", sound: "muted", until_ms: 9, for_ms: 0 },
      { console: "tab", sound: "muted", until_ms: 99, for_ms: 5_000 },
    ]);
    h.beat.close();
  });

  it("says how it is, not how it was, once the gateway answers again", async () => {
    const h = harness();
    h.answers(null);
    h.beat.set(ARMED);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(h.words).toHaveLength(3);
    h.beat.set(OFF);
    h.answers(20_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(h.words.at(-1)).toMatchObject({ sound: "off", for_ms: 5_000 });
    h.beat.close();
  });

  it("says goodbye once and nothing after it, and comes back", async () => {
    const h = harness();
    h.beat.set(ARMED);
    h.beat.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(h.words.map((word) => word.sound)).toEqual(["armed", "closed"]);
    h.beat.resume();
    expect(h.words.at(-1)).toMatchObject({ sound: "armed", for_ms: 60_000 });
    h.beat.set(null);
    h.beat.close();
    h.beat.resume();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(h.words.map((word) => word.sound)).toEqual(["armed", "closed", "armed", "closed"]);
  });

  it("has a name that no other page has", () => {
    expect(consoleName()).toMatch(/^[0-9a-f]{24}$/);
    expect(consoleName()).not.toBe(consoleName());
  });
});
