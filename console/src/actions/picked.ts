/** Which units a person chooses, and which of the site's come first. No words and no React here. */
import type { CentreClass, Unit } from "../api/desk";
import type { Area, Centre, Incident } from "../api/types";

export interface Picked {
  lead: string | undefined;
  assist: readonly string[];
}

const without = (assist: readonly string[], unit: string) => assist.filter((one) => one !== unit);

/** Who has been told already, and whether one of them leads: a lead that returned it leaves its helpers without one. */
export interface Told {
  units: readonly string[];
  isLed: boolean;
}
export const NOBODY_TOLD: Told = { units: [], isLed: false };

/**
 * One press further: the first one chosen leads, further ones help; leads → helps → off, helps → leads → off.
 * A unit that was told already can only come to lead.
 */
export function turn(picked: Picked, unit: string, told = NOBODY_TOLD): Picked {
  const { lead, assist } = picked;
  if (told.units.includes(unit)) return lead === unit ? { lead: undefined, assist } : { lead: unit, assist };
  if (lead === unit) return { lead: undefined, assist: [...assist, unit] };
  if (assist.includes(unit)) return { lead, assist: without(assist, unit) };
  // Where there is a lead already a further one helps.
  return lead === undefined && !told.isLed ? { lead: unit, assist } : { lead, assist: [...assist, unit] };
}

/** An area and everything that it lies in, nearest first. */
export function lineage(areas: readonly Area[], area: string): string[] {
  const found: string[] = [];
  let at: string | undefined = area;
  while (at !== undefined && !found.includes(at)) {
    found.push(at);
    at = areas.find((one) => one.id === at)?.parent;
  }
  return found;
}

/** Whether `area` is `within` or lies in it. */
export const liesIn = (areas: readonly Area[], area: string, within: string): boolean =>
  lineage(areas, area).includes(within);

/** The proposed ones first, then those that work in the area, then the rest. */
export function inOrder(
  units: readonly Unit[],
  first: Picked,
  area: string,
  areas: readonly Area[],
): readonly Unit[] {
  const around = lineage(areas, area);
  const rank = (unit: Unit) => {
    if (unit.id === first.lead) return 0;
    if (first.assist.includes(unit.id)) return 1;
    const works = unit.areas.length === 0 || unit.areas.some((one) => around.includes(one));
    return works ? (unit.kind === "grid" ? 3 : 2) : 4;
  };
  return [...units].sort((a, b) => rank(a) - rank(b));
}

/** Who would deal with a class that the incident does not have yet: the class table says, as far as it does. */
export const usualUnits = (found: CentreClass | undefined): Picked => ({
  lead: found?.lead,
  assist: found?.assist ?? [],
});

/** Units may be told at all. */
export const hasUnits = (centre: Centre): boolean => centre.units.length > 0;

/** Into which open incidents this one may be merged: the nearest of kind, place and time first. */
export function mergeTargets(incident: Incident, others: readonly Incident[], most: number): Incident[] {
  const far = (other: Incident) =>
    (other.camera !== undefined && other.camera === incident.camera ? 0 : 4) +
    (other.area === incident.area ? 0 : 2) +
    (other.class === incident.class ? 0 : 1);
  const apart = (other: Incident) => Math.abs(other.opened_ms - incident.opened_ms);
  return others
    .filter((other) => other.id !== incident.id)
    .sort((a, b) => far(a) - far(b) || apart(a) - apart(b))
    .slice(0, most);
}
