/** What is broken in the made-up township, after the gateway's contract. */

const now = Date.now();
const minutes = (n) => now - n * 60_000;

const ticket = (id, kind, fields) => ({
  id,
  kind,
  state: "open",
  level: 3,
  code: kind,
  detail: "",
  remedy: "look at the camera, and do what the manual says",
  first_ms: minutes(9),
  last_ms: minutes(1),
  times: 1,
  note: "",
  ...fields,
});

const tickets = [
  ticket(7, "stream", {
    camera: "dam",
    camera_name: "青石水库大坝",
    level: 1,
    stage: "connect",
    code: "unreachable",
    detail: "main: 10.20.3.17:554 did not answer: timed out after 10 s",
    first_ms: minutes(42),
    times: 9,
  }),
  ticket(6, "covered", {
    camera: "east-gate",
    camera_name: "东村村口",
    level: 1,
    detail: "4 % of what is usual is left",
    first_ms: minutes(12),
  }),
  ticket(5, "moved", {
    camera: "west-junction",
    camera_name: "西村路口",
    detail: "22 % of what is usual is left; the view moved by -10 % of its width and +4 % of its height",
    first_ms: minutes(95),
    state: "acknowledged",
    acknowledged: { at_ms: minutes(80), by: "technician" },
    note: "已联系施工队，下午去复位。",
  }),
  ticket(4, "clock", {
    code: "clock_doubted",
    detail: "the clock is 86412 s ahead of where it should be",
    first_ms: minutes(200),
  }),
  ticket(3, "frozen", {
    camera: "market-west",
    camera_name: "集市西入口",
    state: "recovered",
    first_ms: minutes(400),
    last_ms: minutes(380),
    recovered_ms: minutes(378),
  }),
  ticket(2, "disk", {
    code: "slow",
    state: "closed",
    first_ms: minutes(3000),
    last_ms: minutes(2900),
    closed: { at_ms: minutes(2880), by: "technician" },
    note: "换了 SATA 线。",
  }),
];

const streams = new Set();
let seq = 100;

/** Where the centre is blind. */
export function blindCameras() {
  const named = tickets.filter((one) => one.level === 1 && one.camera && one.state !== "closed");
  const shown = named.map((one) => ({
    camera: one.camera,
    camera_name: one.camera_name,
    area_name: "东村",
    ticket: one.id,
    kind: one.kind,
    since_ms: one.first_ms,
    acknowledged_by: one.acknowledged?.by,
  }));
  return { n: shown.length, cameras: shown };
}

/** Answers a ticket route, or says false when it is none. */
export async function ticketRoutes(req, res, url, viewer, { send, refuse, body }) {
  const path = url.pathname.slice("/api/v1".length);
  if (path !== "/tickets" && !path.startsWith("/tickets/")) return false;
  if (viewer.role !== "technician" && viewer.role !== "administrator")
    return refuse(res, 403, "denied", "no");
  if (path === "/tickets") {
    const all = url.searchParams.get("state") === "all";
    return send(res, 200, {
      as_of_seq: seq,
      tickets: tickets.filter((one) => all || one.state === "open" || one.state === "acknowledged"),
    });
  }
  if (path === "/tickets/events") {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    res.write(`event: ready\ndata: {"as_of_seq":${seq}}\n\n`);
    streams.add(res);
    res.on("close", () => streams.delete(res));
    return;
  }
  const [, , id, act] = path.split("/");
  const found = tickets.find((one) => one.id === Number(id));
  if (!found) return refuse(res, 404, "not_found", "there is no such thing");
  const { note } = await body(req);
  if (found.state !== "closed") {
    const hand = { at_ms: Date.now(), by: viewer.name };
    Object.assign(
      found,
      act === "close" ? { state: "closed", closed: hand } : { state: "acknowledged", acknowledged: hand },
    );
    if (note) found.note = note;
    seq += 1;
    for (const stream of streams)
      stream.write(`event: ticket\nid: ${seq}\ndata: ${JSON.stringify(found)}\n\n`);
  }
  return send(res, 200, found);
}
