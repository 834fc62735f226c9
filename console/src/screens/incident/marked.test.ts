import { expect, it } from "vitest";
import type { Alarm } from "../../api/types";
import { evidence } from "../../testing";
import { alarmTracks, markedAlarms } from "./marked";

const alarm = (id: number, tracks: number[], ended_ms?: number): Alarm => ({
  id,
  class: "crowding",
  level: 3,
  rule: "square-crowding",
  began_ms: id * 1_000,
  raised_ms: id * 1_000,
  ended_ms,
  evidence: { ...evidence, tracks },
});

it("marks the alarm in sight also where the incident came without it", () => {
  const came = [alarm(1, [7]), alarm(401, [8, 9])];
  expect(markedAlarms(came, undefined)).toBe(came);
  const marked = markedAlarms(came, alarm(200, [12]));
  expect(marked.map((one) => one.id)).toEqual([1, 401, 200]);
  expect([...alarmTracks(marked)]).toEqual([7, 8, 9, 12]);
});

it("marks it once, as it came with the incident", () => {
  const came = [alarm(1, [7]), alarm(401, [8, 9], 405_000)];
  expect(markedAlarms(came, alarm(401, [8]))).toBe(came);
});
