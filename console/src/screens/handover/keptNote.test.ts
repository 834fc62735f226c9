import { describe, expect, it } from "vitest";
import { keepNote, readNote } from "./keptNote";

function shelf() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

describe("the note of a hand-over", () => {
  it("is kept for the one who wrote it, until it is emptied", () => {
    const one = shelf();
    const s = () => one;
    keepNote(s, 1, "东门道闸坏了");
    expect(readNote(s, 1)).toBe("东门道闸坏了");
    expect(readNote(s, 2)).toBe("");
    keepNote(s, 1, "");
    expect(readNote(s, 1)).toBe("");
    expect(one.kept.size).toBe(0);
  });

  it("is empty where the browser keeps nothing", () => {
    // It refuses even to be asked for its shelf.
    const s = () => {
      throw new DOMException("denied", "SecurityError");
    };
    expect(() => keepNote(s, 1, "x")).not.toThrow();
    expect(readNote(s, 1)).toBe("");
  });
});
