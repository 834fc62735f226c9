import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Incident, IncidentList } from "../api/types";
import { incident } from "../testing";
import { EventLink, type LinkState, STALE_MS } from "./eventLink";

/** A stream that the test writes to. */
function pipe() {
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      sink = controller;
    },
  });
  return {
    response: new Response(body, { status: 200 }),
    write: (text: string) => sink?.enqueue(new TextEncoder().encode(text)),
    end: () => sink?.close(),
  };
}

function harness(open: (lastSeq: number, signal: AbortSignal) => Promise<Response>) {
  const states: LinkState[] = [];
  const snapshots: IncidentList[] = [];
  const versions: number[] = [];
  const gone: number[] = [];
  const signedOut = vi.fn();
  let seq = 10;
  const link = new EventLink(
    {
      now: () => Date.now(),
      open,
      snapshot: async () => {
        seq += 10;
        return { as_of_seq: seq, incidents: [] };
      },
    },
    {
      onState: (state) => states.push(state),
      onSnapshot: (list) => snapshots.push(list),
      onEvent: (event, data) => {
        if (event === "incident") versions.push((data as Incident).version);
        if (event === "gone") gone.push((data as { id: number }).id);
      },
      onSignedOut: signedOut,
    },
  );
  return { link, states, snapshots, versions, gone, signedOut };
}

const told = (seq: number, version: number) =>
  `event: incident\nid: ${seq}\ndata: ${JSON.stringify(incident(1, { version }))}\n\n`;

const taken = (seq: number) => `event: gone\nid: ${seq}\ndata: ${JSON.stringify({ id: 1 })}\n\n`;

describe("EventLink", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("goes on after the snapshot, then after the last event it has seen", async () => {
    const asked: number[] = [];
    const pipes = [pipe(), pipe()];
    const h = harness(async (lastSeq) => {
      asked.push(lastSeq);
      return (pipes[asked.length - 1] ?? pipe()).response;
    });
    h.link.start();
    await vi.advanceTimersByTimeAsync(10);
    pipes[0]?.write(told(23, 2));
    await vi.advanceTimersByTimeAsync(10);
    pipes[0]?.end();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(asked).toEqual([20, 23]);
    expect(h.versions).toEqual([2]);
    expect(h.snapshots).toHaveLength(1);
    h.link.stop();
  });

  it("is told of what is no longer the viewer's", async () => {
    const p = pipe();
    const h = harness(async () => p.response);
    h.link.start();
    await vi.advanceTimersByTimeAsync(10);
    p.write(taken(24));
    await vi.advanceTimersByTimeAsync(10);
    expect(h.gone).toEqual([1]);
    expect(h.versions).toEqual([]);
    h.link.stop();
  });

  it("takes a new snapshot on reset", async () => {
    const p = pipe();
    const h = harness(async () => p.response);
    h.link.start();
    await vi.advanceTimersByTimeAsync(10);
    p.write('event: reset\nid: 99\ndata: {"as_of_seq":99}\n\n');
    await vi.advanceTimersByTimeAsync(10);
    expect(h.snapshots.map((s) => s.as_of_seq)).toEqual([20, 30]);
    h.link.stop();
  });

  it("does not go on without the snapshot that a reset asks for", async () => {
    const pipes = [pipe(), pipe()];
    const asked: number[] = [];
    let n = 0;
    const taken: number[] = [];
    const link = new EventLink(
      {
        now: () => Date.now(),
        open: async (lastSeq) => {
          asked.push(lastSeq);
          return (pipes[asked.length - 1] ?? pipe()).response;
        },
        snapshot: async () => {
          n += 1;
          return n === 2 ? "failed" : { as_of_seq: n * 100, incidents: [] };
        },
      },
      {
        onState: () => undefined,
        onSnapshot: (list) => taken.push(list.as_of_seq),
        onEvent: () => undefined,
        onSignedOut: () => undefined,
      },
    );
    link.start();
    await vi.advanceTimersByTimeAsync(10);
    pipes[0]?.write(
      'event: reset\nid: 99\ndata: {"as_of_seq":99}\n\nevent: ready\nid: 99\ndata: {"as_of_seq":99}\n\n',
    );
    await vi.advanceTimersByTimeAsync(1_500);
    expect(taken).toEqual([100, 300]);
    expect(asked).toEqual([100, 300]);
    link.stop();
  });

  it("cuts a connection that is silent for too long, and a heartbeat is not silence", async () => {
    let opened = 0;
    const p = pipe();
    const h = harness(async (_seq, signal) => {
      opened += 1;
      if (opened > 1) return pipe().response;
      signal.addEventListener("abort", () => p.end());
      return p.response;
    });
    h.link.start();
    await vi.advanceTimersByTimeAsync(STALE_MS - 5_000);
    p.write(": beat\n\n");
    await vi.advanceTimersByTimeAsync(STALE_MS - 5_000);
    expect(opened).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(opened).toBe(2);
    h.link.stop();
  });

  it("does not knock for ever when the session is over", async () => {
    const open = vi.fn(async () => new Response(null, { status: 401 }));
    const h = harness(open);
    h.link.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(open).toHaveBeenCalledTimes(1);
    expect(h.signedOut).toHaveBeenCalledTimes(1);
    h.link.stop();
  });

  it("says that it reconnects while the server is away", async () => {
    const h = harness(async () => Promise.reject(new Error("refused")));
    h.link.start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(h.states.every((s) => s.phase === "connecting")).toBe(true);
    expect(h.states.at(-1)?.failures).toBeGreaterThan(1);
    h.link.stop();
  });
});
