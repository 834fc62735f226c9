/**
 * Server-sent events out of a byte stream. Our own parser instead of `EventSource`, because that one hides
 * comments (the 15 s heartbeat, without which "no byte for 45 s" cannot be told), the HTTP status (401 is not a
 * reason to reconnect for ever) and cannot begin with a `Last-Event-ID` that came with the snapshot.
 */
export interface SseEvent {
  event: string;
  id: string | null;
  data: string;
}

export class SseParser {
  #rest = "";
  #event = "";
  #id: string | null = null;
  #data: string[] = [];

  /** Takes the next piece of text, in any cut, and returns the events that it completes. */
  push(text: string): SseEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    // A carriage return at the very end may be half of a CRLF: keep the line until more comes.
    if (this.#rest === "" && text.endsWith("\r")) this.#rest = `${lines.pop() ?? ""}\r`;
    const events: SseEvent[] = [];
    for (const line of lines) {
      const complete = this.#line(line);
      if (complete) events.push(complete);
    }
    return events;
  }

  #line(line: string): SseEvent | null {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch(): SseEvent | null {
    const done =
      this.#data.length === 0
        ? null
        : { event: this.#event || "message", id: this.#id, data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    return done;
  }
}
