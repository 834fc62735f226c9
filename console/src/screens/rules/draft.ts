/** A rule that is being changed: keys and values of the site file, and the text that goes there. */

export type Keys = Record<string, unknown>;

/** As people read a rule; what is not named here comes last. */
const ORDER = [
  "id",
  "kind",
  "zone",
  "line",
  "direction",
  "heading",
  "at_least",
  "grows_by",
  "within",
  "stay",
  "still",
  "least_score",
  "classes",
  "hold",
  "clear",
  "level",
  "must_have_moved",
  "schedule",
];

export function ordered(keys: Keys): [string, unknown][] {
  const rank = (key: string) => {
    const at = ORDER.indexOf(key);
    return at < 0 ? ORDER.length : at;
  };
  return Object.entries(keys).sort(([a], [b]) => rank(a) - rank(b));
}

/** A TOML value. Strings of JSON are basic strings of TOML but for DEL, which nobody writes. */
function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  return JSON.stringify(value);
}

/** `[[camera.rule]]` as it goes into the site file. What is tried is no shadow rule. */
export function ruleText(keys: Keys): string {
  const lines = ordered(keys)
    .filter(([key, value]) => key !== "shadow" && value !== undefined && value !== "")
    .map(([key, value]) => `${key} = ${toml(value)}`);
  return `[[camera.rule]]\n${lines.join("\n")}\n`;
}

const DAY = "mon-sun 00:00-24:00";
export const isAlways = (value: unknown) => Array.isArray(value) && value.length === 1 && value[0] === DAY;

/** What most cameras begin with. */
export const FRESH: Keys = {
  id: "new-rule",
  kind: "intrusion",
  classes: ["person"],
  hold: "5s",
  clear: "5s",
};
