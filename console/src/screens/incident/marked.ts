/** Which alarms the recording shows. */
import type { Alarm } from "../../api/types";

/**
 * A long incident comes with its first alarm and the newest ones: the one in sight may be from between. As it came with
 * the incident it is newer than as it was chosen.
 */
export function markedAlarms(alarms: readonly Alarm[], shown: Alarm | undefined): readonly Alarm[] {
  return shown === undefined || alarms.some((one) => one.id === shown.id) ? alarms : [...alarms, shown];
}

/** The tracks to be drawn as those of the alarm. */
export const alarmTracks = (alarms: readonly Alarm[]): ReadonlySet<number> =>
  new Set(alarms.flatMap((alarm) => alarm.evidence.tracks));
