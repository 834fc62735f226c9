/** The made-up township's watch, after the gateway's contract: hand-overs, the plan, the wall, the centre's tables. */

const PLAN = `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1000" viewBox="0 0 1600 1000">
<rect width="1600" height="1000" fill="#eef3ea"/>
<path d="M1150 60C1300 20 1520 90 1540 260 1550 380 1380 420 1260 350 1140 300 1060 120 1150 60Z" fill="#a9cfe8"/>
<g stroke="#fff" stroke-width="34" fill="none"><path d="M0 780H1600"/><path d="M720 1000V120"/></g></svg>`;

/** Where the plan has the cameras. */
export const PLACES = {
  "market-gate": { x: 0.42, y: 0.55 },
  "market-square": { x: 0.5, y: 0.62 },
  dam: { x: 0.82, y: 0.2 },
  "east-bridge": { x: 0.3, y: 0.76 },
  "west-school": { x: 0.12, y: 0.4 },
};

const finished = (i) => ["closed", "revisited", "rejected", "merged"].includes(i.state);
const late = (i) => i.deadline_ms !== undefined && i.deadline_ms <= Date.now();

function counts(open) {
  const found = new Map();
  for (const { level, state } of open) {
    const count = found.get(`${level}/${state}`) ?? { level, state, n: 0 };
    count.n += 1;
    found.set(`${level}/${state}`, count);
  }
  return [...found.values()].sort((a, b) => a.level - b.level);
}

const item = (i) => ({
  incident: i.id,
  number: i.number,
  level: i.level,
  state: i.state,
  class: i.class,
  what: i.camera_name ?? i.title,
  area_name: i.area_name,
  owner: i.owner,
  units: [],
  opened_ms: i.opened_ms,
  deadline_ms: i.deadline_ms,
});

/** Three a day for two weeks and more. */
const handovers = Array.from({ length: 45 }, (_, i) => {
  const [one, other] = [
    { id: 1, name: "王芳" },
    { id: 2, name: "李强" },
  ];
  const [leaver, taker] = i % 2 ? [other, one] : [one, other];
  const opened_ms = Date.now() - (45 - i) * 8 * 3600e3;
  return {
    id: i + 1,
    state: i % 9 === 4 ? "lapsed" : "accepted",
    leaver,
    areas: ["青石镇"],
    opened_ms,
    note: "夜班无异常。",
    summary: { counts: [], claimed: [], overdue: [], held: [], n_overdue: 0, n_held: 0, faults: [] },
    ...(i % 9 === 4 ? {} : { decided_ms: opened_ms + 240e3, decided_by: taker, signed: "session" }),
  };
});

/** One colleague has muted the alarm, another has not switched it on. */
export const deafConsoles = () => [
  {
    person: { id: 2, name: "李强" },
    areas: ["青石镇"],
    why: "muted",
    since_ms: Date.now() - 12 * 60e3,
    until_ms: Date.now() + 18 * 60e3,
  },
  { person: { id: 9, name: "陈静" }, areas: ["东村"], why: "off", since_ms: Date.now() - 4 * 60e3 },
];

/** `false`: not one of these. */
export async function watchRoutes(
  req,
  res,
  url,
  viewer,
  { incidents, accounts, cameras },
  { send, refuse, body },
) {
  const path = url.pathname.slice("/api/v1".length);
  const key = `${req.method} ${path}`;
  const open = incidents.map((i) => i.incident).filter((i) => !finished(i));
  const summary = () => ({
    counts: counts(open),
    claimed: open.filter((i) => i.owner?.id === viewer.id).map(item),
    overdue: open.filter(late).map(item),
    held: [],
    n_overdue: open.filter(late).length,
    n_held: 0,
    faults: [{ kind: "stream", camera: "青石水库大坝", level: 1, since_ms: Date.now() - 42 * 60e3 }],
  });
  const person = ({ id, display_name }) => ({ id, name: display_name });
  if (key === "GET /centre") {
    const calendar = { hours: ["08:30-12:00"], days: ["mon"], closed: [], open: [] };
    const flood = { incidents: 20, window_s: 60 };
    return send(res, 200, { classes: [], units: [], calendar, duty: [], flood });
  }
  if (key === "GET /map") return send(res, 200, { plan: true, is_incomplete: false });
  if (key === "GET /map/plan") {
    res.writeHead(200, { "content-type": "image/svg+xml" });
    return res.end(PLAN);
  }
  if (key === "GET /wall") {
    const urgent = [...open].sort((a, b) => a.level - b.level || a.opened_ms - b.opened_ms).slice(0, 10);
    const n_overdue = open.filter(late).length;
    const units = [{ name: "综治巡防队", told: 1, signed: 0, arrived: 2, finished: 0 }];
    const faulty = [{ camera: "西村小学门口", state: "auth_failed", since_ms: Date.now() - 46 * 60e3 }];
    const health = { n: cameras.length, streaming: cameras.length - 1, n_faulty: 1, faulty };
    const now_ms = Date.now();
    return send(res, 200, { now_ms, counts: counts(open), n_overdue, urgent, units, cameras: health });
  }
  if (key === "GET /shift") {
    const takers = accounts.filter((a) => a.role === "operator" && a.id !== viewer.id).map(person);
    const own = handovers.find((h) => h.leaver.id === viewer.id && h.state === "open");
    return send(res, 200, { summary: summary(), takers, open: own?.id });
  }
  if (key === "GET /handovers") {
    const bound = (name, usual) => Number(url.searchParams.get(name) ?? usual);
    const within = (one) =>
      one.id < bound("before", Number.POSITIVE_INFINITY) &&
      one.opened_ms >= bound("from_ms", 0) &&
      one.opened_ms < bound("until_ms", Number.POSITIVE_INFINITY);
    return send(res, 200, [...handovers].reverse().filter(within).slice(0, bound("limit", 100)));
  }
  if (key === "POST /handovers") {
    const { note, meant_for } = await body(req);
    const to = accounts.find((a) => a.id === meant_for);
    const made = {
      id: handovers.length + 1,
      state: "open",
      leaver: person(viewer),
      meant_for: to && person(to),
      areas: ["青石镇"],
      opened_ms: Date.now(),
      note,
      summary: summary(),
    };
    handovers.push(made);
    return send(res, 201, made);
  }
  const found = handovers.find((h) => h.id === Number(path.split("/")[2]));
  if (path.startsWith("/handovers/") && !found) return refuse(res, 404, "not_found", "no such hand-over");
  if (req.method === "GET" && path.startsWith("/handovers/")) return send(res, 200, found);
  if (path.endsWith("/signature")) {
    const { action, name, password, note } = await body(req);
    const signer = name === undefined ? viewer : accounts.find((a) => a.name === name && password === "demo");
    if (!signer) return refuse(res, 422, "signature_refused", "name or password is wrong");
    if (action !== "withdraw" && signer.id === found.leaver.id)
      return refuse(res, 422, "same_person", "nobody hands over to themselves");
    const state = { accept: "accepted", refuse: "refused", withdraw: "withdrawn" }[action];
    const mine = open.filter((i) => i.owner?.id === found.leaver.id);
    if (action === "accept") {
      found.moved = mine.map((i) => i.id);
      found.stayed = [];
      for (const i of mine) Object.assign(i, { owner: person(signer), version: i.version + 1 });
    }
    const signed = name === undefined ? "session" : "password";
    Object.assign(found, { state, decided_ms: Date.now(), decided_by: person(signer), signed, answer: note });
    return send(res, 200, found);
  }
  return false;
}
