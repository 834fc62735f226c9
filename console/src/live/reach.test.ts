import { afterEach, describe, expect, it, vi } from "vitest";
import { answered, maySend, onReach, reachNow, tellLink, unanswered } from "./reach";

describe("whether the gateway can be reached", () => {
  afterEach(() => {
    tellLink(false);
    answered(0);
    vi.useRealTimers();
  });

  it("is down since the last answer, and up with the next", () => {
    const heard = vi.fn();
    const stop = onReach(heard);
    answered(1_000);
    unanswered(5_000);
    unanswered(9_000);
    expect(reachNow().down_ms).toBe(1_000);
    answered(10_000);
    expect(reachNow()).toEqual({ down_ms: null, answered_ms: 10_000 });
    expect(heard).toHaveBeenCalledTimes(2);
    stop();
  });

  it("asks nobody while all is well, and once when the link is down", async () => {
    const ask = vi.fn(async () => true);
    expect(await maySend(ask)).toBe(true);
    expect(ask).not.toHaveBeenCalled();
    tellLink(true);
    expect(await maySend(ask)).toBe(true);
    expect(await maySend(async () => Promise.reject(new Error("refused")))).toBe(false);
    expect(reachNow().down_ms).not.toBeNull();
  });

  it("does not wait for a host that says nothing", async () => {
    vi.useFakeTimers();
    tellLink(true);
    const silent = (signal: AbortSignal) =>
      new Promise<boolean>((_, refuse) => signal.addEventListener("abort", () => refuse(new Error("late"))));
    const answer = maySend(silent);
    await vi.advanceTimersByTimeAsync(3_100);
    expect(await answer).toBe(false);
  });
});
