import { describe, expect, it } from "vitest";
import { SseParser } from "./sse";

const whole =
  'retry: 2000\n: hello\n\nevent: incident\nid: 7\ndata: {"a":\ndata: 1}\n\n: beat\n\nevent: ready\nid: 7\ndata: {}\n\n';
const events = [
  { event: "incident", id: "7", data: '{"a":\n1}' },
  { event: "ready", id: "7", data: "{}" },
];

describe("SseParser", () => {
  it("reads events and skips comments", () => {
    expect(new SseParser().push(whole)).toEqual(events);
  });

  it("does not care where the stream is cut", () => {
    for (const text of [whole, whole.replaceAll("\n", "\r\n")]) {
      for (let cut = 1; cut < text.length; cut++) {
        const parser = new SseParser();
        expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(events);
      }
    }
  });

  it("keeps a line until it ends", () => {
    const parser = new SseParser();
    expect(parser.push("data: half")).toEqual([]);
    expect(parser.push(" done\n\n")).toEqual([{ event: "message", id: null, data: "half done" }]);
  });
});
