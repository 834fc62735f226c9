/** Texts beside a video: ground truth, events, and the camera's part of a site file. */

/** MOTChallenge rows: frame from 1, id, left, top, width, height (pixels), 1, class id + 1, visibility. */
export const groundTruth = (frames) =>
  frames
    .flatMap(({ frame, labels }) =>
      labels.map(
        ({ id, cls, box, visibility }) =>
          `${frame + 1},${id},${box.left},${box.top},${box.width},${box.height},1,${cls + 1},${visibility.toFixed(2)}\n`,
      ),
    )
    .join("");

const rounded = (seconds) => Math.round(seconds * 100) / 100;

/** @param found `[{rule, span}]`, see spansOf */
export function eventsJson(loop, found) {
  return `${JSON.stringify(
    {
      video: `${loop.name}.mp4`,
      fps: loop.fps,
      frames: loop.frames,
      width: loop.width,
      height: loop.height,
      seed: loop.seed,
      events: found.map(({ rule, span }) => ({
        class: rule.kind,
        rule: rule.id,
        begin_s: rounded(span.begin),
        end_s: rounded(span.end),
        peak: span.peak,
        tolerance_s: rule.tolerance ?? 3.0,
        description: rule.description,
      })),
    },
    null,
    1,
  )}\n`;
}

/** What a rule says beside id, kind, zone, hold, clear and level: its own keys, in this order. */
const SETTINGS = [
  "line",
  "direction",
  "heading",
  "classes",
  "at_least",
  "grows_by",
  "within",
  "stay",
  "still",
  "least_score",
];
const SECONDS = ["within", "stay", "still", "hold", "clear"];
const CLASS_WORDS = ["person", "two_wheeler", "tricycle", "car", "bus", "truck", "animal", "other"];

function setting(key, value) {
  if (SECONDS.includes(key)) return `${key} = "${value}s"\n`;
  if (key === "classes") return `classes = [${value.map((cls) => `"${CLASS_WORDS[cls]}"`).join(", ")}]\n`;
  return `${key} = ${JSON.stringify(value).replaceAll(",", ", ")}\n`;
}

/** Keys that a rule of that kind takes in a site file. */
function settingsOf({ kind, limit, ...rule }) {
  const own = kind === "crowding" ? { ...rule, at_least: limit, classes: undefined } : rule;
  const isFixed = kind === "stopped_vehicle";
  return SETTINGS.filter((key) => own[key] !== undefined && !(isFixed && key === "classes"))
    .map((key) => setting(key, own[key]))
    .join("");
}

/** Zones, lines and rules as tables of a `[[camera]]` of a site file; id, area and addresses are for the site to say. */
export function cameraToml(loop) {
  const points = (list) => `[${list.map(([x, y]) => `[${x}, ${y}]`).join(", ")}]`;
  const zones = loop.zones.map(
    ({ id, name, polygon }) => `\n[[camera.zone]]\nid = "${id}"\nname = "${name}"\npolygon = ${points(polygon)}\n`,
  );
  const lines = loop.lines.map(
    ({ id, name, points: ends }) => `\n[[camera.line]]\nid = "${id}"\nname = "${name}"\npoints = ${points(ends)}\n`,
  );
  const rules = loop.rules.map(
    (rule) =>
      `\n[[camera.rule]]\nid = "${rule.id}"\nkind = "${rule.kind}"\n${rule.zone ? `zone = "${rule.zone}"\n` : ""}` +
      `${settingsOf(rule)}${rule.hold === undefined ? "" : setting("hold", rule.hold)}${setting("clear", rule.clear)}level = "${rule.level}"\n`,
  );
  return `# Zones and rules of ${loop.name}.mp4, written together with it by inference/training/scenes.\nname = "${loop.title}"\nplace = "${loop.place}"\n${zones.join("")}${lines.join("")}${rules.join("")}`;
}
