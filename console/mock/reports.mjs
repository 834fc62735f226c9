/** Statistics and reports of the made-up township, after the gateway's contract. */

const share = (n, of) => ({ n, of });

/** Of about `n` incidents, always the same for the same `n`. */
function tally(n) {
  const part = (x) => Math.round(n * x);
  const settled = part(0.86);
  const open = n - settled - part(0.02);
  return {
    received: n,
    settled,
    open,
    merged: n - settled - open,
    accepted: part(0.97),
    accepted_in_time: share(part(0.93), part(0.97)),
    settled_in_time: share(part(0.8), part(0.87)),
    overdue: part(0.07),
    open_overdue: part(0.01),
    handled: part(0.6),
    false_alarms: part(0.14),
    otherwise_closed: part(0.08),
    rejected: part(0.04),
    dispatched: part(0.62),
    returns: part(0.03),
    reworks: part(0.02),
    holds: part(0.01),
    extensions: part(0.02),
    urges: part(0.05),
    supervisions: part(0.01),
    reopenings: part(0.01),
    revisited: share(part(0.5), part(0.6)),
    reached: share(part(0.44), part(0.5)),
    satisfied: share(part(0.42), part(0.44)),
    dissatisfied: part(0.02),
  };
}

const named = (id, name, name_en) => (name_en ? { id, name, name_en } : { id, name });
const classes = [
  named("accident", "交通事故", "Traffic accident"),
  named("intrusion", "区域闯入", "Intrusion"),
  named("crowding", "人员聚集", "Crowding"),
  named("dispute", "矛盾纠纷", "Dispute"),
  named("safety_hazard", "公共安全隐患", "Safety hazard"),
];
const sources = [
  named("camera", "视频告警", "Camera alarm"),
  named("grid", "网格上报", "Grid worker"),
  named("police_110", "110 推送", "Police 110"),
  named("hotline_12345", "12345 热线", "Hotline 12345"),
];
const villages = ["东村", "西村", "集市社区", "大坝村", "柳树社区"];
const units = ["交警中队", "派出所", "司法所", "应急办", "综治巡防队"];

function statistics(url) {
  const from = Number(url.searchParams.get("from_ms"));
  const to = Number(url.searchParams.get("to_ms"));
  const n_days = Math.max(1, Math.round((to - from) / 86_400_000));
  const n = 48 * n_days;
  const cells = [];
  for (let area = 0; area < 4; area++)
    for (let c = 0; c < classes.length; c++)
      for (let hour = 0; hour < 24; hour++) {
        const peak = Math.exp(-(((hour - (8 + c * 3)) / 3) ** 2)) * 9;
        const count = Math.round((peak + ((hour * 7 + c * 3) % 3) / 2) / (area === 0 ? 1 : 3));
        if (count > 0) cells.push({ area, class: c, hour, n: count * Math.ceil(n_days / 7) });
      }
  const unit = (told) => ({
    told,
    signed_in_time: share(Math.round(told * 0.9), Math.round(told * 0.96)),
    arrived_in_time: share(Math.round(told * 0.8), Math.round(told * 0.9)),
    finished_in_time: share(Math.round(told * 0.75), Math.round(told * 0.86)),
    finished: Math.round(told * 0.84),
    open: Math.round(told * 0.1),
    open_overdue: Math.round(told * 0.02),
    returned: Math.round(told * 0.04),
    withdrawn: Math.round(told * 0.02),
    reworks: Math.round(told * 0.03),
    overdue: share(Math.round(told * 0.12), told),
    satisfied: share(Math.round(told * 0.4), Math.round(told * 0.43)),
  });
  const alarms = (camera, camera_name, rule, level, all, confirmed, false_alarms) => ({
    camera,
    camera_name,
    rule,
    class: rule,
    level,
    alarms: all,
    confirmed,
    false_alarms,
    undecided: all - confirmed - false_alarms,
    accuracy: share(confirmed, confirmed + false_alarms),
  });
  const rows = [
    alarms("dam", "青石水库大坝", "intrusion", 2, 31, 22, 6),
    alarms("market-gate", "集市大门", "crowding", 3, 54, 40, 9),
    alarms("west-junction", "西村路口", "accident", 1, 9, 5, 3),
  ];
  return {
    from_ms: from,
    to_ms: to,
    as_of_ms: Math.min(to, Date.now()),
    as_of_seq: 4211,
    coverage: { areas: [named("town", "青石镇")] },
    total: tally(n),
    levels: [1, 2, 3, 4].map((level) => ({
      level,
      tally: tally(Math.round((n * level) / 10)),
      before: 3 * level,
    })),
    classes: classes.map((of, i) => ({ of, tally: tally(Math.round(n / (i + 3))), before: 9 + i })),
    sources: sources.map((of, i) => ({ of, tally: tally(Math.round(n / (i + 2))), before: 12 + i })),
    areas: [
      { of: named("town", "青石镇"), kind: "township", depth: 0, tally: tally(n) },
      ...villages.map((name, i) => ({
        of: named(`v${i}`, name),
        kind: "village",
        parent: "town",
        depth: 1,
        tally: tally(Math.round(n / (i + 3))),
      })),
    ],
    units: units.map((name, i) => ({ of: named(`u${i}`, name), tally: unit(Math.round(n / (i + 3))) })),
    days: Array.from({ length: n_days }, (_, i) => ({
      day: new Date(from + i * 86_400_000 + 28_800_000).toISOString().slice(0, 10),
      received: 38 + ((i * 7) % 17),
      settled: 33 + ((i * 5) % 15),
      false_alarms: 4 + (i % 5),
      overdue: 1 + (i % 4),
    })),
    heat: {
      areas: [named("town", "青石镇"), ...villages.slice(0, 3).map((name, i) => named(`v${i}`, name))],
      tops: [0],
      classes,
      cells,
    },
    times: {
      accept: { n, median_s: 38, p90_s: 170 },
      sign: { n: Math.round(n / 2), median_s: 130, p90_s: 600 },
      arrive: { n: Math.round(n / 2), median_s: 540, p90_s: 1500 },
      settle: { n, median_s: 5400, p90_s: 86_000 },
    },
    red_arrivals: [60, 180, 300].map((within_s, i) => ({ within_s, share: share(3 + i * 3, 11) })),
    flow: { open_before: 31, received: n, settled: Math.round(n * 0.9), open_after: 36 },
    accuracy: {
      alarms: 94,
      confirmed: 67,
      false_alarms: 18,
      undecided: 9,
      accuracy: share(67, 85),
      missed: 3,
      rows,
    },
    previous: { from_ms: from - (to - from), to_ms: from, received: Math.round(n * 0.9) },
    reds: [1, 2].map((i) => ({
      number: `20261125-000${i}`,
      class: classes[0],
      area: named("v0", villages[0]),
      place: "西村路口",
      opened_ms: from + i * 3_600_000,
      accepted_ms: from + i * 3_600_000 + 41_000,
      state: "handling",
      is_overdue: i === 2,
      units: [named("u0", units[0])],
    })),
    returns: [
      {
        number: "20261125-0004",
        unit: named("u2", units[2]),
        at_ms: from + 7_200_000,
        note: "不属本单位职责",
      },
    ],
    faults: [{ camera: named("dam", "青石水库大坝"), kind: "stream", first_ms: from, times: 2 }],
  };
}

const made = [];

/** `false`: not one of these. */
export async function reportRoutes(req, res, url, viewer, { send, body }) {
  const path = url.pathname.slice("/api/v1".length);
  const key = `${req.method} ${path}`;
  if (key === "GET /statistics") return send(res, 200, statistics(url));
  if (key === "GET /centre")
    return send(res, 200, {
      classes,
      units: units.map((name, i) => ({ id: `u${i}`, name })),
      calendar: {},
      duty: [],
    });
  if (key === "GET /bulletins") {
    const incident = url.searchParams.get("incident");
    return send(res, 200, incident === null ? made : made.filter((row) => String(row.incident) === incident));
  }
  if (key === "POST /bulletins") {
    const wanted = await body(req);
    const at = wanted.day ? Date.parse(`${wanted.day}T00:00:00+08:00`) : (wanted.from_ms ?? Date.now());
    const row = {
      id: made.length + 1,
      kind: wanted.kind,
      title: wanted.title ?? "",
      from_ms: at,
      to_ms: at + 86_400_000,
      made_ms: Date.now(),
      made_by: viewer.display_name,
      incident: wanted.incident,
      edition:
        made.filter((row) => row.incident !== undefined && row.incident === wanted.incident).length + 1,
      sha256: "3f9c1d0a7be2".repeat(6).slice(0, 64),
    };
    made.unshift(row);
    return send(res, 201, row);
  }
  if (path.startsWith("/bulletins/")) {
    res.writeHead(200, { "content-type": "application/octet-stream" });
    res.end("made up");
    return;
  }
  return false;
}
