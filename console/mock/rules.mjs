/** Rules of the made-up township and trials of others, after the gateway's contract. */

const now = Date.now();
const square = [
  { x: 0.1, y: 0.5 },
  { x: 0.9, y: 0.5 },
  { x: 0.95, y: 0.95 },
  { x: 0.05, y: 0.95 },
];
const zones = [{ id: "square", name: "广场", polygon: square }];

const keys = {
  id: "crowd",
  kind: "crowding",
  zone: "square",
  at_least: 10,
  hold: "5s",
  clear: "5s",
  level: "yellow",
  must_have_moved: true,
  schedule: ["mon-sun 00:00-24:00"],
};
const written = (rule, more, is_shadow = false) => ({
  rule: { id: rule.id, class: rule.kind, zone: rule.zone, level: 3, classes: [], hold_ms: 5000, ...more },
  is_shadow,
  keys: rule,
  text: "",
});
const loiter = { id: "loiter", kind: "loitering", stay: "3m", classes: ["person"], hold: "0s", clear: "10s" };
const rules = (camera) => ({
  camera,
  stream: "main",
  is_same_stream: false,
  rules: [
    written(keys, { at_least: 10 }),
    written(loiter, { stay_ms: 180_000 }),
    written({ ...keys, id: "crowd-6", at_least: 6, shadow: true }, { at_least: 6 }, true),
  ],
  zones,
  lines: [],
  model: "built-in",
  models: ["built-in", "yolox-nano-416"],
});

const evidence = (count) => ({
  rule_class: "crowding",
  count,
  peak: count,
  limit: 6,
  zone: { id: "square", name: "广场" },
  class: "person",
  held_ms: 5000,
  score: 0.8,
  tracks: [1, 2],
});
const alarm = (n, minutes, count, more) => ({
  n,
  rule: "crowd",
  class: "crowding",
  level: 3,
  began_ms: now - minutes * 60_000,
  raised_ms: now - minutes * 60_000 + 5000,
  ended_ms: now - minutes * 60_000 + 65_000,
  evidence: evidence(count),
  has_still: true,
  is_met: false,
  ...more,
});
const boxes = [0, 1, 2, 3].map((n) => ({
  track: n,
  class: "person",
  confidence: 0.8,
  rect: { x0: 0.2 + n * 0.14, y0: 0.45, x1: 0.27 + n * 0.14, y1: 0.8 },
}));
const result = () => ({
  alarms: [
    alarm(0, 52, 8, { boxes }),
    alarm(1, 41, 12, { boxes, is_met: true }),
    alarm(2, 18, 7, { boxes, ended_ms: undefined }),
  ],
  n_alarms: 3,
  live: [
    alarm(0, 40.9, 12, { alarm: 7, is_met: true, is_unseen: false }),
    alarm(1, 30, 10, { alarm: 8, is_met: false, is_unseen: true }),
  ],
  n_both: 1,
  n_only_trial: 2,
  n_only_live: 0,
  blind: [{ from_ms: now - 32 * 60_000, to_ms: now - 29 * 60_000, cause: "camera_offline" }],
  zones,
  n_pictures: 54_000,
  n_decoded: 9_120,
  n_detected: 2_410,
  n_broken: 0,
});

const trials = [];
const make = (camera, asked, more) => {
  const trial = {
    id: trials.length + 1,
    camera,
    stream: "main",
    model: "built-in",
    by: "technician",
    ...asked,
    ...more,
  };
  trials.unshift(trial);
  return trial;
};
make(
  "market-square",
  { from_ms: now - 3_600_000, to_ms: now, rules: "", asked_ms: now - 60_000 },
  { state: "done", reached_ms: now, ended_ms: now },
);

const verdict = (camera, camera_name, rule, cls, confirmed, false_alarms, undecided) => ({
  camera,
  camera_name,
  rule,
  class: cls,
  level: 3,
  confirmed,
  false_alarms,
  undecided,
});
const verdicts = [
  verdict("east-bridge", "东村石桥路口", "stopped", "stopped_vehicle", 3, 17, 2),
  verdict("market-square", "文化广场", "crowd", "crowding", 21, 4, 1),
  verdict("dam", "青石水库大坝", "bank", "water_edge", 6, 0, 0),
];

/** As if each had been counted over a week; the first two are over their budget. */
const noise = () => ({
  from_ms: Date.now() - 7 * 86_400_000,
  at_ms: Date.now() - 20_000,
  incidents_last_hour: 9,
  over: false,
  budget: { source_per_hour: 12, centre_per_hour: 12, false_percent: 80, false_of: 50 },
  sources: verdicts.map((one, n) => {
    const alarms = one.confirmed + one.false_alarms + one.undecided;
    const { level: _level, ...source } = one;
    return {
      ...source,
      area_name: "集市",
      tunable: true,
      alarms: alarms + 60 - 30 * n,
      last_hour: [31, 14, 0][n],
      incidents: 3,
      repeats: alarms - 3,
      shelved_ms: [5_400_000, 0, 0][n],
      excess: [["rate", "false_share"], ["rate"], []][n],
      ...(n < 2 ? { ticket: 40 + n } : {}),
    };
  }),
});

/** Answers a route of rules and trials, or says false when it is none. */
export async function ruleRoutes(req, res, url, viewer, { send, refuse, body }) {
  if (url.pathname === "/api/v1/rules/verdicts") return send(res, 200, verdicts);
  if (url.pathname === "/api/v1/noise") return send(res, 200, noise());
  const match =
    /^\/api\/v1\/cameras\/([^/]+)\/(rules|trials|shadow-alarms|shadow-model)(?:\/(\d+))?(\/still\.jpg)?$/.exec(
      url.pathname,
    );
  if (!match) return false;
  if (viewer.role !== "technician" && viewer.role !== "administrator")
    return refuse(res, 403, "denied", "no");
  const [, camera, what, id, still] = match;
  if (what === "rules") return send(res, 200, rules(camera));
  if (what === "shadow-alarms") {
    const shadow = [18, 41, 52].map((m) => ({ ...alarm(0, m, 7), rule: "crowd-6" }));
    return send(res, 200, { shadow, live: [alarm(0, 41, 12)] });
  }
  if (what === "shadow-model") {
    const span = {
      from_ms: Number(url.searchParams.get("from_ms")),
      to_ms: Number(url.searchParams.get("to_ms")),
    };
    const one = (n, minutes, count, is_met, is_unseen = false) => ({
      alarm: alarm(n, minutes, count),
      is_met,
      is_unseen,
    });
    const shadow = [one(0, 52, 7, false), one(1, 41, 12, true)];
    const live = [one(0, 41, 12, true), one(1, 8, 6, false, true)];
    const counts = { n_both: 1, n_only_shadow: 1, n_only_live: 0, n_seen: 8120, n_left_out: 431 };
    return send(res, 200, { model: "yolox-nano", ...span, shadow, live, ...counts });
  }
  const found = trials.find((trial) => trial.id === Number(id) && trial.camera === camera);
  if (still) {
    if (viewer.role !== "technician") return refuse(res, 403, "denied", "no");
    res.writeHead(200, { "content-type": "image/svg+xml" });
    return res.end(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#7d93a6" d="M0 0h16v9H0z"/><path fill="#a9a292" d="M0 4.5h16V9H0z"/></svg>',
    );
  }
  if (req.method === "POST") {
    const { rules: text, from_ms, to_ms } = await body(req);
    if (/at_least = 0\b/.test(text)) {
      const problems = [{ at: "camera.rule[0].at_least", message: "is 0, must be within 1 and 1000" }];
      return refuse(res, 422, "bad_rules", "is 0, must be within 1 and 1000", { field: "rules", problems });
    }
    const trial = make(
      camera,
      { from_ms, to_ms, rules: text, asked_ms: Date.now() },
      { state: "running", reached_ms: from_ms + (to_ms - from_ms) * 0.4 },
    );
    setTimeout(() => Object.assign(trial, { state: "done", reached_ms: to_ms, ended_ms: Date.now() }), 3000);
    return send(res, 201, trial);
  }
  if (id === undefined)
    return send(
      res,
      200,
      trials.filter((trial) => trial.camera === camera),
    );
  if (!found) return refuse(res, 404, "not_found", "there is no such thing");
  if (req.method === "DELETE") {
    trials.splice(trials.indexOf(found), 1);
    return send(res, 204);
  }
  return send(res, 200, { trial: found, result: found.state === "done" ? result() : undefined });
}
