/** What the made-up township has recorded: timeline, playback, storage and holds, after the gateway's contract. */
import { createHash } from "node:crypto";
import { cameras } from "./data.mjs";
import { FPS, FRAME_MS, fragmented, HEIGHT, minute, progressive, still, WIDTH } from "./footage.mjs";

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** Footage of the last seconds is not in the index yet. */
const LAG_MS = 4_000;
const TRANSCODES = 1;
const H265 = new Set(["east-hall", "west-road"]);
const PURPOSES = ["incident", "inspection", "fault", "retrieval"];
const CAUSES = ["camera_offline", "stalled", "restart", "backlog", "packet_loss", "disk", "recording_off"];
const LEVELS = ["red", "orange", "yellow", "blue"];
const begun = Math.floor(Date.now() / MINUTE) * MINUTE;

/** Repeatable chance: the same township at every start of the same day. */
function chance(seed) {
  let state = createHash("sha1").update(seed).digest().readUInt32LE(0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function historyOf(camera, index) {
  const first_ms = Math.floor((begun - (31 - (index % 4)) * DAY) / MINUTE) * MINUTE;
  const gaps = [];
  const alarms = [];
  const next = chance(camera.id);
  for (let day = first_ms; day < begun; day += DAY) {
    for (let i = Math.floor(next() * 3); i > 0; i--) {
      const from_ms = day + Math.floor((next() * DAY) / SECOND) * SECOND;
      const length = Math.floor(2 + next() ** 4 * 7_000) * SECOND;
      // The last hours are the same at every start: what checks walk through.
      if (from_ms + length > begun - 12 * HOUR) continue;
      gaps.push({ from_ms, to_ms: from_ms + length, cause: CAUSES[Math.floor(next() * CAUSES.length)] });
    }
    for (let i = Math.floor(next() * 6); i > 0; i--) {
      const from_ms = day + Math.floor(next() * DAY);
      if (from_ms > begun - 2 * HOUR) continue;
      alarms.push({ from_ms, to_ms: from_ms + 20_000, level: LEVELS[1 + Math.floor(next() * 3)] });
    }
  }
  // A restart that everybody shares, so that all panes are without footage together.
  gaps.push({ from_ms: begun - 2 * HOUR, to_ms: begun - 2 * HOUR + 40 * SECOND, cause: "restart" });
  if (camera.id === "dam") {
    gaps.push({ from_ms: begun - 30 * MINUTE, to_ms: begun - 22 * MINUTE, cause: "camera_offline" });
    alarms.push({ from_ms: begun - 65 * MINUTE, to_ms: begun - 64 * MINUTE, level: "red" });
  }
  if (camera.id === "west-school")
    gaps.push({ from_ms: begun - 46 * MINUTE, to_ms: null, cause: "auth_failed" });
  if (camera.id === "west-well") gaps.push({ from_ms: begun - 9 * DAY, to_ms: null, cause: "quarantined" });
  const clean = [];
  for (const gap of gaps.sort((a, b) => a.from_ms - b.from_ms)) {
    const before = clean[clean.length - 1];
    const overlaps = before && (before.to_ms === null || gap.from_ms < before.to_ms + 5 * SECOND);
    if (overlaps) {
      if (before.to_ms !== null && (gap.to_ms === null || gap.to_ms > before.to_ms))
        Object.assign(before, { to_ms: gap.to_ms, cause: gap.cause });
    } else clean.push(gap);
  }
  alarms.sort((a, b) => a.from_ms - b.from_ms);
  const named = alarms
    .filter((a) => !clean.some((g) => a.from_ms >= g.from_ms && a.from_ms < (g.to_ms ?? Infinity)))
    .map((a, i) => ({
      incident: 400 + i,
      alarm: index * 1000 + i,
      kind: i % 3 ? "intrusion" : "crowding",
      n: 1,
      ...a,
    }));
  return { first_ms, gaps: clean, alarms: named };
}

const histories = new Map();
function history(camera) {
  if (!histories.has(camera.id)) histories.set(camera.id, historyOf(camera, cameras.indexOf(camera)));
  return histories.get(camera.id);
}

const untilMs = () => Math.floor((Date.now() - LAG_MS) / SECOND) * SECOND;

/** Recorded pieces within a stretch, on whole seconds. */
function pieces(camera, from_ms, to_ms) {
  const { first_ms, gaps } = history(camera);
  let at = Math.max(first_ms, Math.floor(from_ms / SECOND) * SECOND);
  const end = Math.min(untilMs(), Math.ceil(to_ms / SECOND) * SECOND);
  const found = [];
  for (const gap of gaps) {
    if (gap.to_ms !== null && gap.to_ms <= at) continue;
    if (gap.from_ms >= end) break;
    if (gap.from_ms > at) found.push({ from_ms: at, to_ms: gap.from_ms });
    at = gap.to_ms ?? Number.POSITIVE_INFINITY;
    if (at >= end) break;
  }
  if (at < end) found.push({ from_ms: at, to_ms: end });
  return found;
}

/** Gaps within a stretch; before the oldest footage everything is past its time of keeping. */
function gapsIn(camera, from_ms, to_ms) {
  const { first_ms, gaps } = history(camera);
  const within = gaps.filter((g) => g.from_ms < to_ms && (g.to_ms ?? Infinity) > from_ms);
  return from_ms < first_ms
    ? [{ from_ms, to_ms: Math.min(first_ms, to_ms), cause: "retention" }, ...within]
    : within;
}

function mergeGaps(gaps, bin_ms) {
  const merged = [];
  for (const gap of gaps) {
    const missing = (gap.to_ms ?? Date.now()) - gap.from_ms;
    const before = merged[merged.length - 1];
    if (before && before.to_ms !== null && gap.from_ms - before.to_ms < bin_ms) {
      if (missing > before.longest) Object.assign(before, { cause: gap.cause, longest: missing });
      before.to_ms = gap.to_ms;
      before.n += 1;
      before.missing_ms += missing;
    } else merged.push({ ...gap, n: 1, missing_ms: missing, longest: missing });
  }
  return merged.map(({ longest: _, ...gap }) => gap);
}

export const holds = [
  {
    id: 1,
    camera: "market-square",
    stream: "main",
    from_ms: begun - 3 * DAY,
    to_ms: begun - 3 * DAY + 25 * MINUTE,
    case_number: "青公(治)立字〔2026〕118号",
    note: "赶集时段电动车被盗",
    owner: "王芳",
    created_ms: begun - 2 * DAY,
    review_ms: begun + 28 * DAY,
    released_ms: null,
    released_by: null,
    bytes: 812_000_000,
  },
  {
    id: 2,
    camera: "dam",
    stream: "main",
    from_ms: begun - 12 * DAY,
    to_ms: begun - 12 * DAY + 2 * HOUR,
    case_number: "水库巡查-0912",
    note: "",
    owner: "李强",
    created_ms: begun - 11 * DAY,
    review_ms: begun - 1 * DAY,
    released_ms: null,
    released_by: null,
    bytes: 3_400_000_000,
  },
];

function timeline(url, viewer) {
  const from_ms = Number(url.searchParams.get("from_ms"));
  const to_ms = Number(url.searchParams.get("to_ms"));
  const bins = Number(url.searchParams.get("bins") ?? 1000);
  const wanted = url.searchParams.get("cameras")?.split(",");
  const bin_ms = Math.ceil((to_ms - from_ms) / bins);
  const until_ms = untilMs();
  const rows = cameras
    .filter((c) => !wanted || wanted.includes(c.id))
    .slice(0, 200)
    .map((camera) => {
      const own = history(camera);
      const recorded = [];
      for (const piece of pieces(camera, from_ms, to_ms)) {
        const before = recorded[recorded.length - 1];
        if (before && piece.from_ms - before.to_ms < bin_ms) before.to_ms = piece.to_ms;
        else recorded.push({ ...piece });
      }
      const seen =
        viewer.role === "operator" ? own.alarms.filter((a) => a.from_ms < to_ms && a.to_ms > from_ms) : [];
      const openGap = own.gaps.find((g) => g.to_ms === null);
      return {
        camera: camera.id,
        name: camera.name,
        area: camera.area,
        stream: url.searchParams.get("stream") ?? "main",
        first_ms: own.first_ms,
        until_ms: openGap ? openGap.from_ms : until_ms,
        recorded,
        gaps: mergeGaps(gapsIn(camera, from_ms, to_ms), bin_ms),
        alarms: seen,
        holds: holds
          .filter(
            (h) => h.camera === camera.id && h.released_ms === null && h.from_ms < to_ms && h.to_ms > from_ms,
          )
          .map(({ id, from_ms: from, to_ms: to, case_number }) => ({
            id,
            from_ms: from,
            to_ms: to,
            case_number,
          })),
      };
    });
  return { from_ms, to_ms, bin_ms, now_ms: Date.now(), rows };
}

function nextAlarm(url) {
  const at = Number(url.searchParams.get("at_ms"));
  const wanted = url.searchParams.get("cameras").split(",");
  const isNext = url.searchParams.get("direction") === "next";
  let found = null;
  for (const camera of cameras.filter((c) => wanted.includes(c.id))) {
    for (const alarm of history(camera).alarms) {
      if (isNext ? alarm.from_ms <= at : alarm.from_ms >= at) continue;
      const nearer = !found || (isNext ? alarm.from_ms < found.at_ms : alarm.from_ms > found.at_ms);
      if (nearer)
        found = {
          camera: camera.id,
          incident: alarm.incident,
          alarm: alarm.alarm,
          at_ms: alarm.from_ms,
          kind: alarm.kind,
          level: alarm.level,
        };
    }
  }
  return found;
}

function storage() {
  const list = cameras.map((camera, i) => {
    const { first_ms, gaps } = history(camera);
    const perDay = 21e9 + (i % 5) * 9e9;
    const days = (begun - first_ms) / DAY;
    const open = gaps.find((g) => g.to_ms === null);
    return {
      camera: camera.id,
      stream: "main",
      oldest_ms: first_ms,
      newest_ms: open ? open.from_ms : untilMs(),
      bytes: perDay * days,
      bytes_per_day: perDay,
      base_days: 30,
      incident_days: 90,
      floor_days: i % 3 === 0 ? 90 : 30,
      legal_basis: i % 3 === 0 ? "key_target" : "general",
      max_bytes: i === 3 ? 9e11 : null,
      incident_max_bytes: null,
      held_warn_bytes: i === 2 ? 1e6 : null,
      base_bytes: perDay * days * 0.9,
      incident_bytes: perDay * days * 0.1,
      held_bytes: holds
        .filter((h) => h.camera === camera.id && h.released_ms === null)
        .reduce((n, h) => n + h.bytes, 0),
      is_below_floor: days < (i % 3 === 0 ? 90 : 30),
    };
  });
  const recorded = list.reduce((n, c) => n + c.bytes, 0);
  const perDay = list.reduce((n, c) => n + c.bytes_per_day, 0);
  const total = recorded * 1.18;
  return {
    volumes: [
      {
        name: "main",
        dir: "/srv/sharpeyes",
        uuid: "3f0c6c1e-7b0e-4a75-9d65-51f1a6d35c10",
        state: storageState,
        detail:
          storageState === "ok" ? "" : "write /srv/sharpeyes/seg: No space left on device (os error 28)",
        total_bytes: total,
        free_bytes: total - recorded,
        recorded_bytes: recorded,
        inodes_free: 24_100_000,
        forecast: {
          bytes_per_day: perDay,
          full_in_days: (total - recorded) / perDay,
          keeps_days: total / perDay,
          is_enough: storageState === "ok",
          shortfall_bytes: storageState === "ok" ? null : 4.1e11,
        },
      },
    ],
    tiers: {
      base_bytes: list.reduce((n, c) => n + c.base_bytes, 0),
      incident_bytes: list.reduce((n, c) => n + c.incident_bytes, 0),
      held_bytes: list.reduce((n, c) => n + c.held_bytes, 0),
    },
    deletions: Array.from({ length: 12 }, (_, i) => ({
      at_ms: begun - i * 47 * MINUTE,
      camera: cameras[i % cameras.length].id,
      stream: "main",
      from_ms: begun - 31 * DAY - i * HOUR,
      to_ms: begun - 31 * DAY - i * HOUR + HOUR,
      bytes: 1.1e9 + i * 3e7,
      reason: ["expired", "expired", "bytes", "disk_full"][i % 4],
    })),
    cameras: list,
    clock: { trusted_ms: begun, doubted_ahead_ms: null, confirmed_in_ms: null },
  };
}

let storageState = "ok";
let transcoding = 0;
/** Cameras whose bytes come late: `/mock/slow?camera=dam&ms=5000`. */
const slow = new Map();

export function controlRecordings(url) {
  if (url.pathname === "/mock/slow")
    slow.set(url.searchParams.get("camera"), Number(url.searchParams.get("ms")));
  if (url.pathname === "/mock/storage") storageState = url.searchParams.get("state");
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Bytes of a file with ranges, a strong ETag and HEAD. */
function sendBytes(req, res, bytes) {
  const etag = `"${createHash("sha1").update(bytes.subarray(0, 4096)).update(String(bytes.length)).digest("hex")}"`;
  const range = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? "");
  const from = range ? Number(range[1]) : 0;
  const to = range?.[2] ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1;
  res.writeHead(range ? 206 : 200, {
    "content-type": "video/mp4",
    "accept-ranges": "bytes",
    "cache-control": "no-store",
    etag,
    "content-length": to - from + 1,
    ...(range ? { "content-range": `bytes ${from}-${to}/${bytes.length}` } : {}),
  });
  res.end(req.method === "HEAD" ? undefined : bytes.subarray(from, to + 1));
}

const mimeOf = (codec) => `video/mp4; codecs="${codec === "h265" ? "hvc1.1.6.L63.90" : "avc1.42c01e"}"`;

/** Answers a recording route, or says false when it is none. */
export async function recordingRoutes(req, res, url, viewer, { send, refuse, body }) {
  const path = url.pathname.slice("/api/v1".length);
  const key = `${req.method} ${path}`;
  const watches = viewer.role === "operator";
  const lists = watches || viewer.role === "technician";
  if (key === "GET /timeline")
    return lists ? send(res, 200, timeline(url, viewer)) : refuse(res, 403, "denied", "no");
  if (key === "GET /timeline/next-alarm") {
    const found = nextAlarm(url);
    return found ? send(res, 200, found) : refuse(res, 404, "not_found", "no further alarm");
  }
  if (key === "GET /storage") {
    const reads = viewer.role === "technician" || viewer.role === "administrator";
    return reads ? send(res, 200, storage()) : refuse(res, 403, "denied", "no");
  }
  if (path === "/holds" || path.startsWith("/holds/")) {
    if (!watches) return refuse(res, 403, "denied", "no");
    if (key === "GET /holds") {
      const all = url.searchParams.get("state") === "all";
      return send(
        res,
        200,
        holds.filter((h) => all || h.released_ms === null),
      );
    }
    if (key === "POST /holds") {
      const asked = await body(req);
      const made = {
        id: holds.length + 1,
        stream: "main",
        note: "",
        ...asked,
        owner: viewer.display_name,
        created_ms: Date.now(),
        released_ms: null,
        released_by: null,
        bytes: Math.round(((asked.to_ms - asked.from_ms) / 1000) * 480_000),
      };
      made.from_ms = Math.floor(made.from_ms / SECOND) * SECOND;
      made.to_ms = Math.ceil(made.to_ms / SECOND) * SECOND;
      holds.push(made);
      return send(res, 201, made);
    }
    const hold = holds.find((h) => h.id === Number(path.split("/")[2]));
    if (!hold) return refuse(res, 404, "not_found", "no such hold");
    Object.assign(hold, { released_ms: Date.now(), released_by: viewer.display_name });
    return send(res, 200, hold);
  }
  const match = /^\/cameras\/([^/]+)\/(recording|recording\.mp4|recording\.h264\.mp4|picture\.jpg)$/.exec(
    path,
  );
  if (!match) return false;
  if (!watches) return refuse(res, 403, "denied", "no");
  const camera = cameras.find((c) => c.id === decodeURIComponent(match[1]));
  if (!camera) return refuse(res, 404, "not_found", "no such camera");
  const at_ms = Number(url.searchParams.get("at_ms") ?? url.searchParams.get("from_ms"));
  const hasReason =
    PURPOSES.includes(url.searchParams.get("purpose")) && (url.searchParams.get("case") ?? "") !== "";
  // As the gateway does.
  const twice = [...url.searchParams.keys()].find((name) => url.searchParams.getAll(name).length > 1);
  if (twice) return refuse(res, 400, "malformed", `duplicate field \`${twice}\``);
  if (at_ms < Date.now() - DAY && !hasReason) {
    return refuse(res, 403, "purpose_needed", "footage older than 24 h needs a purpose");
  }
  if (slow.has(camera.id) && match[2] !== "picture.jpg") await wait(slow.get(camera.id));
  const stream = url.searchParams.get("stream") ?? "main";
  const codec = H265.has(camera.id) && stream === "main" ? "h265" : "h264";
  const look = cameras.indexOf(camera);
  if (match[2] === "picture.jpg") {
    const [piece] = pieces(camera, at_ms, at_ms + SECOND);
    if (!piece || piece.from_ms > at_ms) return refuse(res, 404, "nothing_recorded", "a gap");
    const shown = Math.floor(at_ms / SECOND) * SECOND;
    const bytes = await still(await minute(camera.id, look), (shown % MINUTE) / SECOND);
    res.writeHead(200, { "content-type": "image/jpeg", "cache-control": "no-store", "x-picture-ms": shown });
    return res.end(bytes);
  }
  const from_ms = Number(url.searchParams.get("from_ms"));
  const to_ms = Number(url.searchParams.get("to_ms"));
  const found = pieces(camera, from_ms, to_ms);
  const gaps = gapsIn(camera, from_ms, to_ms);
  if (found.length === 0) return refuse(res, 404, "nothing_recorded", "nothing was recorded", { gaps });
  if (match[2] === "recording.mp4") {
    return sendBytes(req, res, await progressive(await minute(camera.id, look, codec), found));
  }
  if (match[2] === "recording.h264.mp4") {
    if (transcoding >= TRANSCODES) {
      return refuse(res, 429, "transcode_quota", "all transcoders are busy", {
        limit: TRANSCODES,
        in_use: transcoding,
      });
    }
    transcoding += 1;
    res.on("close", () => {
      transcoding -= 1;
    });
    const source = await minute(camera.id, look);
    res.writeHead(200, { "content-type": "video/mp4", "cache-control": "no-store" });
    return fragmented(source, found, res);
  }
  const spans = [];
  let offset_ms = 0;
  for (const piece of found) {
    spans.push({ offset_ms, wall_ms: piece.from_ms });
    offset_ms += piece.to_ms - piece.from_ms;
  }
  // The link names what exists now: the same file however much is recorded meanwhile.
  const end_ms = found[found.length - 1].to_ms;
  const query = new URLSearchParams({ from_ms, to_ms: Math.min(to_ms, end_ms), stream });
  for (const name of ["purpose", "case"]) {
    if (url.searchParams.has(name)) query.set(name, url.searchParams.get(name));
  }
  send(res, 200, {
    camera: camera.id,
    stream,
    start_ms: found[0].from_ms,
    end_ms,
    duration_ms: offset_ms,
    spans,
    gaps,
    codec,
    mime: mimeOf(codec),
    width: WIDTH,
    height: HEIGHT,
    fps: FPS,
    frame_ms: FRAME_MS,
    has_audio: false,
    size_bytes: offset_ms * 120,
    mp4: `/api/v1/cameras/${camera.id}/recording.mp4?${query}`,
    h264: `/api/v1/cameras/${camera.id}/recording.h264.mp4?${query}`,
  });
}
