/** A made-up township: areas, cameras, accounts and incidents. */

const square = [
  { x: 0.12, y: 0.35 },
  { x: 0.86, y: 0.32 },
  { x: 0.95, y: 0.9 },
  { x: 0.04, y: 0.92 },
];

export const areas = [
  { id: "township", name: "青石镇", parent: null, kind: "township" },
  { id: "east", name: "东村", parent: "township", kind: "village" },
  { id: "west", name: "西村", parent: "township", kind: "village" },
  { id: "market", name: "集市片区", parent: "township", kind: "grid" },
];

const areaName = (id) => areas.find((a) => a.id === id)?.name ?? id;
const now = Date.now();
const fine = (width, height, bitrate) => ({
  state: "streaming",
  since_ms: now - 5.2 * 3600e3,
  params: { codec: "h264", width, height },
  fps: 25,
  bitrate,
  last_frame_ms: now,
});

function camera(id, name, area, place, extra = {}) {
  return {
    id,
    name,
    area,
    area_name: areaName(area),
    place,
    main: fine(2560, 1440, 3_900_000),
    sub: fine(960, 540, 610_000),
    analysis: { state: "running", fps: 5, dropped: 12, model: "yolox-nano-416" },
    zones: [{ id: "zone", name: place === "reservoir" ? "水边" : "广场", polygon: square }],
    rules: [
      { id: "rule", class: "crowding", zone: "zone", level: 2, at_least: 10, classes: [], hold_ms: 20_000 },
    ],
    ...extra,
  };
}

export const cameras = [
  camera("market-gate", "集市北门", "market", "crowded"),
  camera("market-square", "文化广场", "market", "crowded"),
  camera("dam", "青石水库大坝", "east", "reservoir"),
  camera("east-bridge", "东村石桥路口", "east", "junction", {
    analysis: { state: "reduced", fps: 1.8, dropped: 5210, model: "yolox-nano-416" },
  }),
  camera("west-school", "西村小学门口", "west", "village", {
    main: {
      state: "auth_failed",
      since_ms: now - 46 * 60e3,
      message_code: "password_refused",
      message: "10.20.30.41:554 refuses user `admin` (401)",
      remedy: "correct the password in the site file",
      fps: 0,
      bitrate: 0,
      last_frame_ms: now - 46 * 60e3,
    },
    sub: undefined,
    analysis: { state: "waiting", fps: 0, dropped: 0, model: "yolox-nano-416" },
  }),
  camera("west-road", "西村省道弯道", "west", "junction", {
    sub: {
      state: "stalled",
      since_ms: now - 95e3,
      message_code: "stalled",
      remedy: "The camera stopped sending; check its network and power.",
      params: { codec: "h265", width: 704, height: 576 },
      fps: 0,
      bitrate: 0,
      last_frame_ms: now - 95e3,
    },
    analysis: {
      state: "failed",
      fps: 0,
      dropped: 0,
      message_code: "model_missing",
      remedy: "Install the detector again.",
    },
  }),
  camera("east-hall", "东村村委会大院停车场与垃圾分类收集点", "east", "village"),
  camera("west-well", "西村机井", "west", "village", {
    main: { state: "backing_off", since_ms: now - 12e3, message_code: "refused", fps: 0, bitrate: 0 },
  }),
  camera("market-south", "集市南门", "market", "crowded"),
];
for (let i = cameras.length + 1; i <= Number(process.env.MOCK_CAMERAS ?? 0); i++) {
  const area = ["east", "west", "market"][i % 3];
  cameras.push(camera(`pole-${i}`, `${i} 号杆`, area, i % 2 ? "village" : "junction"));
}

export const accounts = [
  ["operator", "王芳", "operator", ["township"]],
  ["operator2", "李强", "operator", ["township"]],
  ["police", "赵警官", "police", ["east"]],
  ["technician", "孙工", "technician", ["township"]],
  ["administrator", "管理员", "administrator", ["township"]],
  ["auditor", "审计员", "auditor", []],
].map(([name, display_name, role, accountAreas], i) => ({
  id: i + 1,
  name,
  display_name,
  role,
  areas: accountAreas,
  language: "zh",
  disabled: false,
  created_ms: now - 20 * 86400e3,
  ...(i < 3 ? { last_sign_in_ms: now - i * 3600e3 } : {}),
}));

let nextId = 1040;
let nextAlarm = 1;

/** The chain of escalation as the gateway has it when nobody has set one. */
function nextStep(deadline_ms) {
  const late = Date.now() - deadline_ms;
  if (late < 0) return { at_ms: deadline_ms, to: "值班长", number: 1, begun: false };
  if (late < 600_000) return { at_ms: deadline_ms + 600_000, to: "中心主任", number: 2, begun: true };
  return { at_ms: Date.now() + 1_500_000, to: "分管领导", number: 3, begun: true };
}

/** An incident with its alarms and history. */
export function makeIncident(cameraId, level, cls, ago_s, more = {}) {
  const cam = cameras.find((c) => c.id === cameraId);
  const id = nextId++;
  const opened_ms = Date.now() - ago_s * 1000;
  const crowd = cls === "crowding";
  const evidence = {
    rule_class: cls,
    count: crowd ? 12 : 1,
    limit: crowd ? 10 : 1,
    peak: crowd ? 15 : 1,
    zone: { id: "zone", name: cam.zones[0].name },
    class: crowd ? "person" : (more.what ?? "person"),
    held_ms: crowd ? 20_000 : 3_000,
    score: 0.87,
    tracks: crowd ? [7, 8] : [7],
  };
  const alarms = more.alarms ?? 1;
  const incident = {
    id,
    number: `20261122-${String(id).slice(-3)}`,
    state: "new",
    level,
    class: cls,
    camera: cam.id,
    camera_name: cam.name,
    area: cam.area,
    area_name: cam.area_name,
    place: cam.place,
    opened_ms,
    received_ms: opened_ms,
    source: "camera",
    units: [],
    deadline_ms: opened_ms + 600_000,
    escalation: nextStep(opened_ms + 600_000),
    last_alarm_ms: Date.now() - (ago_s * 1000) / alarms,
    alarms,
    version: 1,
    ongoing: ago_s < 120,
    close_suggested: ago_s > 1000,
    evidence,
    thumbnail: true,
    ...more.fields,
  };
  const alarm_list = Array.from({ length: alarms }, (_, i) => {
    const began_ms = opened_ms + (i * ago_s * 1000) / alarms;
    const running = incident.ongoing && i === alarms - 1;
    return {
      id: nextAlarm++,
      rule: "rule",
      class: cls,
      level,
      began_ms,
      raised_ms: began_ms + evidence.held_ms,
      ...(running ? {} : { ended_ms: began_ms + 31_000 }),
      evidence,
    };
  });
  const history = [{ at_ms: opened_ms + evidence.held_ms, action: "open", to: "new", level, version: 1 }];
  return { incident, alarm_list, history };
}

export function seedIncidents() {
  const claimed = (id, name) => ({
    state: "claimed",
    owner: { id, name },
    lease_until_ms: Date.now() + 7.4 * 60e3,
    version: 2,
  });
  const list = [
    makeIncident("dam", 1, "intrusion", 38),
    makeIncident("market-square", 2, "crowding", 95, { alarms: 3 }),
    makeIncident("market-gate", 2, "crowding", 610, { fields: claimed(2, "李强"), alarms: 7 }),
    makeIncident("east-bridge", 3, "intrusion", 260, { what: "truck" }),
    makeIncident("east-hall", 3, "intrusion", 1500, { what: "motorcycle", fields: claimed(1, "王芳") }),
    makeIncident("west-road", 4, "intrusion", 4100, { what: "animal", fields: { thumbnail: false } }),
    makeIncident("east-hall", 4, "crowding", 5400, { alarms: 2 }),
  ];
  const reasons = ["false_alarm", "handled", "no_action", "duplicate", "test"];
  for (let i = 0; i < 8; i++) {
    const made = makeIncident(
      cameras[i % 4].id,
      2 + (i % 3),
      i % 2 ? "intrusion" : "crowding",
      7200 + i * 1900,
      {
        fields: { state: "closed", close_reason: reasons[i % 5], version: 3, owner: { id: 1, name: "王芳" } },
      },
    );
    const { history, incident } = made;
    const actor = { id: 1, name: "王芳" };
    history.push({
      at_ms: incident.opened_ms + 34e3,
      actor,
      action: "claim",
      from: "new",
      to: "claimed",
      version: 2,
    });
    history.push({
      at_ms: incident.opened_ms + 65e3,
      actor,
      action: "close",
      from: "claimed",
      to: "closed",
      version: 3,
      reason: reasons[i % 5],
      note: i % 3 ? undefined : "现场为赶集群众，已电话核实。",
    });
    list.push(made);
  }
  return list;
}
