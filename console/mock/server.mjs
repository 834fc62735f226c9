/**
 * A made-up gateway for work on screens: speaks the HTTP contract with invented data. Development only; it is not
 * part of the product and nothing it says is true. `POST /mock/emit?level=1` makes an incident, `/mock/silence`
 * stops the heartbeat, `/mock/drop` cuts the streams, `/mock/reset` makes consoles begin anew, `/mock/setup` begins with the first-start page,
 * `/mock/calm` leaves no camera blind and no console muted, `/mock/steal?id=` claims for another operator, `/mock/slow?camera=&ms=` delays footage, `/mock/storage?state=full`
 * fills the disk. MOCK_CAMERAS=100 makes the township larger.
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { accounts, areas, cameras, makeIncident, seedIncidents } from "./data.mjs";
import { CLIP_S, makeMedia, makeTrace, streamLive } from "./media.mjs";
import { controlRecordings, recordingRoutes } from "./recordings.mjs";
import { reportRoutes } from "./reports.mjs";
import { ruleRoutes } from "./rules.mjs";
import { blindCameras, ticketRoutes } from "./tickets.mjs";
import { deafConsoles, PLACES, watchRoutes } from "./watch.mjs";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const BEGIN_S = 10;
// What a strict server would send: the built console must live with it.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** One system that is told, and one that has not answered for a while. */
const outbound = () => [
  {
    id: "county",
    name: "县综治平台",
    purpose: "县级平台汇总研判",
    kind: "webhook",
    url: "https://platform.example/api/incidents",
    share: [],
    waiting: 0,
    dead: 2,
    lost: 0,
    last_success_ms: Date.now() - 40_000,
  },
  {
    id: "screen",
    name: "指挥大屏",
    purpose: "大屏展示",
    kind: "mqtt",
    url: "mqtts://broker.example:8883",
    share: [],
    waiting: 37,
    oldest_ms: Date.now() - 1_500_000,
    dead: 0,
    lost: 0,
    failing_since_ms: Date.now() - 1_440_000,
    last_error: {
      stage: "connect",
      code: "refused",
      detail: "Connection refused (os error 111)",
      remedy: "check that the target's service runs and that the port in the site file is its port",
    },
  },
];

const finished = (i) => ["closed", "revisited", "rejected", "merged"].includes(i.state);
const discontent = (i) => i.state === "revisited" && i.satisfaction === "dissatisfied";
const waits = (i) =>
  i.archived_ms === undefined && ((i.state === "closed" && i.close_reason === "handled") || discontent(i));

export function startMock({ port = 8461, media = makeMedia() } = {}) {
  const incidents = seedIncidents();
  const sessions = new Map();
  const streams = new Set();
  let seq = 100;
  let silent = false;
  let calm = false;
  const blind = () => (calm ? { n: 0, cameras: [] } : blindCameras());
  const deaf = () => (calm ? [] : deafConsoles());
  let setupNeeded = false;
  const log = [];

  const beat = setInterval(() => {
    if (!silent) for (const s of streams) s.write(": beat\n\n");
  }, 15_000);

  function publish(incident) {
    seq += 1;
    log.push({ seq, data: JSON.stringify(incident) });
    for (const s of streams) s.write(`event: incident\nid: ${seq}\ndata: ${JSON.stringify(incident)}\n\n`);
  }

  function send(res, status, body) {
    res.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    res.end(body === undefined ? "" : JSON.stringify(body));
  }
  const refuse = (res, status, code, message, more = {}) => send(res, status, { code, message, ...more });

  function act(res, viewer, found, command) {
    const { incident, history } = found;
    if (incident.version !== command.expected_version) {
      return refuse(res, 409, "conflict", "the incident has changed", { current: incident });
    }
    if (command.action === "reopen" && !command.reopen_reason)
      return refuse(res, 422, "reason_needed", "no reason");
    const from = incident.state;
    const actor = { id: viewer.id, name: viewer.display_name };
    const allowed = {
      claim: ["new", "claimed"],
      release: ["claimed"],
      close: ["claimed"],
      reopen: ["closed", "revisited"],
      revisit: ["closed"],
      shelve: ["new", "claimed"],
      unshelve: ["shelved"],
    };
    if (!allowed[command.action]?.includes(from))
      return refuse(res, 422, "illegal", `${command.action} in ${from}`);
    if (from === "claimed" && incident.owner?.id !== viewer.id) {
      return refuse(res, 409, "conflict", "held by another", { current: incident });
    }
    incident.version += 1;
    if (command.action === "claim") {
      incident.state = "claimed";
      incident.owner = actor;
      incident.lease_until_ms = Date.now() + 600_000;
    } else if (command.action === "close") {
      incident.state = "closed";
      incident.close_reason = command.reason;
      incident.ongoing = false;
      delete incident.lease_until_ms;
    } else if (command.action === "revisit") {
      incident.state = "revisited";
      incident.revisit_result = command.result;
      incident.satisfaction = command.satisfaction;
      incident.revisited_by = actor;
      incident.revisited_ms = Date.now();
    } else if (command.action === "shelve") {
      incident.state = "shelved";
      incident.shelved_until_ms = command.until_ms;
    } else {
      incident.state = "new";
      delete incident.owner;
      delete incident.lease_until_ms;
      delete incident.close_reason;
    }
    history.push({
      at_ms: Date.now(),
      actor,
      action: command.action,
      from,
      to: incident.state,
      version: incident.version,
      level: incident.level,
      reason: command.reason ?? command.reopen_reason,
      note: command.note,
    });
    send(res, 200, incident);
    publish(incident);
  }

  function clipOf(found) {
    const { incident } = found;
    const age_s = (Date.now() - incident.opened_ms) / 1000;
    const pending = incident.ongoing && age_s < 60;
    const start_ms = incident.opened_ms - BEGIN_S * 1000;
    const gap = !pending && incident.id % 3 === 0;
    const spans = [{ offset_s: 0, wall_ms: start_ms }];
    if (gap) spans.push({ offset_s: 18, wall_ms: start_ms + 18_000 + 4_200 });
    const end_ms = start_ms + CLIP_S * 1000 + (gap ? 4_200 : 0);
    return {
      url: `/api/v1/incidents/${incident.id}/clip.mp4?from_ms=${start_ms}&to_ms=${end_ms}`,
      mime: 'video/mp4; codecs="avc1.42c01f"',
      h264: `/api/v1/incidents/${incident.id}/clip.h264.mp4?from_ms=${start_ms}&to_ms=${end_ms}`,
      start_ms,
      end_ms,
      alarm_begin_offset_s: BEGIN_S,
      duration_s: CLIP_S,
      spans,
      gaps: gap ? [{ from_ms: start_ms + 18_000, to_ms: start_ms + 22_200, cause: "stalled" }] : [],
      pending,
    };
  }

  function sendClip(req, res) {
    const total = media.clip.length;
    const range = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? "");
    const from = range ? Number(range[1]) : 0;
    const to = range?.[2] ? Math.min(Number(range[2]), total - 1) : total - 1;
    res.writeHead(range ? 206 : 200, {
      "content-type": "video/mp4",
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-length": to - from + 1,
      ...(range ? { "content-range": `bytes ${from}-${to}/${total}` } : {}),
    });
    res.end(media.clip.subarray(from, to + 1));
  }

  function events(req, res) {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    const last = Number(req.headers["last-event-id"] ?? seq);
    for (const row of log)
      if (row.seq > last) res.write(`event: incident\nid: ${row.seq}\ndata: ${row.data}\n\n`);
    res.write(`event: ready\ndata: {"as_of_seq":${seq}}\n\n`);
    // As the gateway, these two are told whole and without an id, to operators.
    if (viewerOf(req)?.role === "operator") {
      res.write(`event: blind\ndata: ${JSON.stringify(blind())}\n\n`);
      res.write(`event: consoles\ndata: ${JSON.stringify(deaf())}\n\n`);
    }
    streams.add(res);
    res.on("close", () => streams.delete(res));
  }

  async function body(req) {
    let text = "";
    for await (const chunk of req) text += chunk;
    return text === "" ? {} : JSON.parse(text);
  }

  function viewerOf(req) {
    const match = /sharpeyes_session=(\w+)/.exec(req.headers.cookie ?? "");
    const account = match ? accounts.find((a) => a.id === sessions.get(match[1])) : undefined;
    if (!account) return null;
    const { id, name, display_name, role, areas: own, language } = account;
    return {
      id,
      name,
      display_name,
      role,
      areas: own,
      language,
      site: { name: "青石镇综治中心", timezone: "Asia/Shanghai" },
    };
  }

  function control(url, res) {
    const name = url.pathname.slice("/mock/".length);
    if (name === "emit") {
      const level = Number(url.searchParams.get("level") ?? 3);
      const made = makeIncident(url.searchParams.get("camera") ?? "market-gate", level, "intrusion", 4);
      incidents.push(made);
      publish(made.incident);
      return send(res, 200, { id: made.incident.id });
    }
    if (name === "steal") {
      const { incident } = incidents.find((i) => i.incident.id === Number(url.searchParams.get("id")));
      incident.version += 1;
      Object.assign(incident, {
        state: "claimed",
        owner: { id: 2, name: "李强" },
        lease_until_ms: Date.now() + 6e5,
      });
      if (!url.searchParams.has("quiet")) publish(incident);
    }
    if (name === "flood") {
      for (let n = 0; n < Number(url.searchParams.get("n") ?? 25); n++) {
        const made = makeIncident(["market-gate", "east-bridge", "east-hall"][n % 3], 3, "intrusion", 4);
        incidents.push(made);
        publish(made.incident);
      }
    }
    if (name === "calm") calm = true;
    if (name === "silence") silent = true;
    if (name === "reset") for (const s of streams) s.write("event: reset\ndata: {}\n\n");
    if (name === "drop") for (const s of streams) s.destroy();
    if (name === "setup") setupNeeded = true;
    controlRecordings(url);
    send(res, 204);
  }

  async function api(req, res, url) {
    const path = url.pathname.slice("/api/v1".length);
    const key = `${req.method} ${path}`;
    if (key === "GET /setup") return send(res, 200, { needed: setupNeeded });
    if (key === "POST /setup") {
      if ((await body(req)).code !== "1234-5678") return refuse(res, 403, "setup_code", "the code is wrong");
      setupNeeded = false;
      return send(res, 204);
    }
    if (key === "POST /session") {
      const { name, password } = await body(req);
      const account = accounts.find((a) => a.name === name && !a.disabled);
      if (!account || password !== "demo")
        return refuse(res, 401, "sign_in_refused", "name or password is wrong");
      const token = Math.random().toString(36).slice(2);
      sessions.set(token, account.id);
      res.setHeader("set-cookie", `sharpeyes_session=${token}; HttpOnly; SameSite=Strict; Path=/`);
      return send(res, 200, viewerOf({ headers: { cookie: `sharpeyes_session=${token}` } }));
    }
    if (key === "GET /health") return send(res, 200, { status: "ok" });
    const viewer = viewerOf(req);
    if (!viewer) return refuse(res, 401, "not_signed_in", "not signed in");
    if (key === "GET /session") return send(res, 200, viewer);
    if (key === "PATCH /session") {
      Object.assign(
        accounts.find((a) => a.id === viewer.id),
        await body(req),
      );
      return send(res, 200, viewerOf(req));
    }
    if (key === "DELETE /session") {
      res.setHeader("set-cookie", "sharpeyes_session=; Max-Age=0; Path=/");
      return send(res, 204);
    }
    if (key === "GET /areas") return send(res, 200, areas);
    if (key === "GET /views") return send(res, 200, []);
    if (key === "GET /cameras" || key === "GET /health/cameras")
      return send(
        res,
        200,
        cameras.map((c) => ({ ...c, at: PLACES[c.id] })),
      );
    if (key === "GET /outbound") return send(res, 200, outbound());
    if ((await ruleRoutes(req, res, url, viewer, { send, refuse, body })) !== false) return;
    const recorded = await recordingRoutes(req, res, url, viewer, { send, refuse, body });
    if (recorded !== false) return;
    if ((await reportRoutes(req, res, url, viewer, { send, body })) !== false) return;
    if ((await ticketRoutes(req, res, url, viewer, { send, refuse, body })) !== false) return;
    const township = { incidents, accounts, cameras };
    if ((await watchRoutes(req, res, url, viewer, township, { send, refuse, body })) !== false) return;
    if (path.startsWith("/cameras/")) {
      const found = cameras.find((c) => c.id === decodeURIComponent(path.split("/")[2] ?? ""));
      return found ? send(res, 200, found) : refuse(res, 404, "not_found", "no such camera");
    }
    if (key === "GET /blind-cameras") return send(res, 200, blind());
    if (key === "GET /consoles") return send(res, 200, deaf());
    if (key === "POST /consoles") return send(res, 200, { again_ms: 20_000 });
    if (key === "GET /events") return events(req, res);
    if (key === "GET /incidents") {
      const scope = url.searchParams.get("state") ?? "open";
      const limit = Number(url.searchParams.get("limit") ?? 50);
      const before = Number(url.searchParams.get("cursor") ?? Number.POSITIVE_INFINITY);
      const list = incidents
        .map((i) => i.incident)
        .filter((i) =>
          scope === "revisit" ? waits(i) : scope === "all" || finished(i) === (scope === "closed"),
        )
        .filter((i) => i.id < before)
        .sort((a, b) => (scope === "open" ? a.level - b.level : b.id - a.id))
        .slice(0, limit);
      return send(res, 200, {
        as_of_seq: seq,
        incidents: list,
        next_cursor: list.length === limit ? String(list.at(-1).id) : undefined,
      });
    }
    if (key === "GET /revisits") {
      const all = incidents.map((i) => i.incident).filter(waits);
      const not = all.filter(discontent).length;
      return send(res, 200, { waiting: all.length - not, overdue: 0, discontent: not });
    }
    if (path.startsWith("/incidents/")) return incident(req, res, viewer, path.split("/").slice(2));
    if (key === "GET /accounts") return send(res, 200, accounts);
    if (key === "POST /accounts") {
      const { password: _, ...fields } = await body(req);
      if (accounts.some((a) => a.name === fields.name)) {
        return refuse(res, 409, "name_taken", "there is such an account", { field: "name" });
      }
      const made = {
        language: "zh",
        disabled: false,
        created_ms: Date.now(),
        id: accounts.length + 1,
        ...fields,
      };
      accounts.push(made);
      return send(res, 200, made);
    }
    if (req.method === "PATCH" && path.startsWith("/accounts/")) {
      const account = accounts.find((a) => a.id === Number(path.split("/")[2]));
      return send(res, 200, Object.assign(account, await body(req)));
    }
    if (key === "GET /audit/verify")
      return send(res, 200, { intact: true, rows: 1204, head: "9f2c".repeat(16) });
    if (key === "GET /audit")
      return send(res, 200, { rows: auditRows(Number(url.searchParams.get("before") ?? 1205)) });
    refuse(res, 404, "not_found", "no such route");
  }

  async function incident(req, res, viewer, [id, part]) {
    const found = incidents.find((i) => i.incident.id === Number(id));
    if (!found) return refuse(res, 404, "not_found", "no such incident");
    if (part === undefined) {
      return send(res, 200, {
        ...found.incident,
        alarm_list: found.alarm_list,
        history: found.history,
        attachments: [],
        clocks: [],
        proposal: { assist: [] },
        choices: undefined,
      });
    }
    if (part === "actions") return act(res, viewer, found, await body(req));
    if (part === "clip") return send(res, 200, clipOf(found));
    if (part === "clip.mp4") return sendClip(req, res);
    if (part === "trace") return send(res, 200, makeTrace(found.incident.opened_ms - BEGIN_S * 1000));
    if (part === "thumbnail.jpg" && found.incident.thumbnail) {
      res.writeHead(200, { "content-type": "image/jpeg" });
      return res.end(media.still);
    }
    refuse(res, 404, "not_found", "nothing there");
  }

  async function asset(res, url) {
    const wanted = normalize(join(dist, url.pathname));
    const file = wanted.startsWith(dist) && extname(wanted) !== "" ? wanted : join(dist, "index.html");
    const content = await readFile(file).catch(() => null);
    if (!content) return refuse(res, 404, "not_found", "run `npm run build` first, or use `npm run dev`");
    res.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "content-security-policy": CSP,
    });
    res.end(content);
  }

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "/", "http://mock");
    if (url.pathname.startsWith("/mock/")) control(url, res);
    else if (url.pathname.startsWith("/api/v1/"))
      void api(req, res, url).catch((e) => refuse(res, 500, "internal", String(e)));
    else void asset(res, url);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, req) => {
    if (req.url?.includes("/cameras/west-school/")) {
      socket.send(JSON.stringify({ type: "init", mime: 'video/mp4; codecs="xyz1.1"', width: 1, height: 1 }));
    } else if (req.url?.includes("/cameras/west-well/")) {
      socket.send(JSON.stringify({ type: "end", reason: "stream_ended" }));
    } else streamLive(socket);
  });
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      const stop = () => {
        clearInterval(beat);
        for (const s of sockets.clients) s.terminate();
        server.closeAllConnections();
        server.close();
      };
      resolve({ url: `http://127.0.0.1:${server.address().port}`, stop });
    });
  });
}

function auditRows(before) {
  const kinds = ["clip.view", "incident.act", "session.create", "live.view", "incident.list"];
  return Array.from({ length: Math.min(50, Math.max(0, before - 1)) }, (_, i) => {
    const seq = before - 1 - i;
    const denied = seq % 9 === 0;
    return {
      seq,
      at_ms: Date.now() - (1205 - seq) * 47_000,
      account: (seq % 3) + 1,
      name: ["operator", "operator2", "police"][seq % 3],
      role: seq % 3 === 2 ? "police" : "operator",
      action: denied ? "live.view" : kinds[seq % 5],
      object: `incident/${1040 + (seq % 15)}`,
      purpose: "",
      source: `10.20.3.${20 + (seq % 3)}`,
      outcome: denied ? "denied" : "allowed",
      detail: seq % 5 === 0 ? "range=0-1048575" : "",
      hash: "ab".repeat(32),
    };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.env.PORT ?? 8461) });
  console.log(
    `mock gateway on ${url}; accounts operator, police, technician, administrator, auditor; password demo`,
  );
}
