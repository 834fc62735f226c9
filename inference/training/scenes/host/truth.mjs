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
        tolerance_s: 3.0,
        description: rule.description,
      })),
    },
    null,
    1,
  )}\n`;
}

/** Zones and rules as tables of a `[[camera]]` of a site file; id, area and addresses are for the site to say. */
export function cameraToml(loop) {
  const zones = loop.zones.map(
    ({ id, name, polygon }) =>
      `\n[[camera.zone]]\nid = "${id}"\nname = "${name}"\npolygon = [${polygon.map(([x, y]) => `[${x}, ${y}]`).join(", ")}]\n`,
  );
  const rules = loop.rules.map(
    ({ id, kind, zone, limit, hold, clear, level }) =>
      `\n[[camera.rule]]\nid = "${id}"\nkind = "${kind}"\nzone = "${zone}"\n${kind === "crowding" ? `at_least = ${limit}` : 'classes = ["person"]'}\nhold = "${hold}s"\nclear = "${clear}s"\nlevel = "${level}"\n`,
  );
  return `# Zones and rules of ${loop.name}.mp4, written together with it by inference/training/scenes.\nname = "${loop.title}"\nplace = "${loop.place}"\n${zones.join("")}${rules.join("")}`;
}
