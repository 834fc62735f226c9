import assert from "node:assert/strict";
import { test } from "node:test";
import { CLASS } from "../src/classes.js";
import { Course } from "../src/course.js";
import { rectangle } from "../src/ground.js";
import { happeningsOf, overlap } from "../src/happenings.js";

const FPS = 10;
const ZONE = rectangle(-20, 20, 0, 40);
const AREAS = {
  zones: { zone: ZONE },
  lines: {
    line: [
      [-5, 10],
      [5, 10],
    ],
  },
};

/** Frames of `seconds` in which each thing is where `at(time)` says: `{place, doing, heading, holder}`. */
const frames = (seconds, ...things) =>
  Array.from({ length: seconds * FPS }, (_, i) =>
    things.map(({ cls, at, ...thing }, k) => ({
      id: k + 1,
      cls,
      heading: [0, 1],
      doing: "upright",
      ...thing,
      ...at(i / FPS),
    })),
  );
const car = (at, more = {}) => ({
  cls: CLASS.CAR,
  length: 4.5,
  width: 1.8,
  at: (time) => ({ place: at(time), doing: "driving" }),
  ...more,
});
const person = (at) => ({ cls: CLASS.PERSON, at });
const found = (rule, seen) =>
  happeningsOf({ zone: "zone", clear: 4, ...rule }, AREAS, seen, FPS).map(({ begin, end }) => [begin, end]);

test("a vehicle has stopped when it came by itself and stands for as long as the rule says", () => {
  const stops = (time) => [0, Math.min(15, time * 3)];
  const rule = { kind: "stopped_vehicle", classes: [CLASS.CAR], stay: 10 };
  assert.deepEqual(found(rule, frames(20, car(stops))), [[5.1, 19.9]]);
  assert.deepEqual(found(rule, frames(12, car(stops))), [], "not long enough");
  assert.deepEqual(
    found(
      rule,
      frames(
        20,
        car(() => [0, 15]),
      ),
    ),
    [],
    "it was always there",
  );
  assert.deepEqual(
    found(
      rule,
      frames(
        20,
        car((time) => [0, Math.min(50, time * 10)]),
      ),
    ),
    [],
    "outside the zone",
  );
});

test("an accident begins with the touch of two that halt; a queue and a near miss are none", () => {
  const rule = { kind: "accident" };
  const from = (x, limit) =>
    car((time) => [Math.sign(x) * Math.max(limit, Math.abs(x) - 5 * time), 20], { heading: [1, 0] });
  const [[begin, end]] = found(rule, frames(20, from(-15, 2), from(15, 2)));
  assert.ok(begin > 2.3 && begin < 2.7 && end === 19.9, `${begin} to ${end}`);
  assert.deepEqual(found(rule, frames(20, from(-15, 2.4), from(15, 2.4))), [], "they stop in time");
  assert.deepEqual(
    found(
      rule,
      frames(
        20,
        car(() => [0, 20]),
        car(() => [0.5, 20]),
      ),
    ),
    [],
    "nobody came",
  );
});

test("outlines are turned with their things", () => {
  const thing = (place, heading) => ({ place, heading, length: 4, width: 1 });
  assert.ok(overlap(thing([0, 0], [1, 0]), thing([2.4, 0], [0, 1])));
  assert.ok(!overlap(thing([0, 0], [0, 1]), thing([2.4, 0], [0, 1])));
});

test("who lies is down; who sits is not", () => {
  const doing = (word) => person((time) => ({ place: [0, 10], doing: time < 3 ? "upright" : word }));
  const rule = { kind: "person_down", still: 5 };
  assert.deepEqual(found(rule, frames(12, doing("lying"))), [[3, 11.9]]);
  assert.deepEqual(found(rule, frames(12, doing("sitting"))), []);
});

test("a thing is left when its owner goes away from it, and not when taken along again", () => {
  const owner = (leaves) => person((time) => ({ place: [leaves ? Math.max(0, time - 4) : 0, 10] }));
  const bag = (until) => ({
    cls: CLASS.OTHER,
    at: (time) => ({ place: [0, 10], holder: time < 3 || time >= until ? 1 : undefined }),
  });
  const rule = { kind: "left_object", stay: 5 };
  assert.deepEqual(found(rule, frames(20, owner(true), bag(99))), [[3, 19.9]]);
  assert.deepEqual(found(rule, frames(20, owner(false), bag(99))), [], "its owner stands beside it");
  assert.deepEqual(found(rule, frames(20, owner(true), bag(7))), [], "taken along again");
});

test("a line is crossed forward from its left to its right", () => {
  const rule = (direction) => ({ kind: "line_crossing", line: "line", classes: [CLASS.CAR], direction });
  const coming = frames(
    10,
    car((time) => [0, 15 - 2 * time]),
  );
  assert.equal(found(rule("forward"), coming).length, 1);
  assert.equal(found(rule("both"), coming).length, 1);
  assert.deepEqual(found(rule("backward"), coming), []);
  assert.deepEqual(
    found(
      rule("both"),
      frames(
        10,
        car((time) => [8, 15 - 2 * time]),
      ),
    ),
    [],
    "past its end",
  );
});

test("a way is wrong by the direction of movement, whichever way the vehicle looks", () => {
  const rule = { kind: "wrong_way", classes: [CLASS.CAR], along: [0, 1] };
  assert.deepEqual(
    found(
      rule,
      frames(
        8,
        car((time) => [0, 2 + 4 * time]),
      ),
    ),
    [],
  );
  assert.equal(
    found(
      rule,
      frames(
        8,
        car((time) => [0, 38 - 4 * time]),
      ),
    ).length,
    1,
  );
});

test("a surge is growth within the time, running is several who run", () => {
  const arrivals = (each) =>
    Array.from({ length: 7 }, (_, i) => person((time) => ({ place: [i, Math.max(10, 44 + i * each - 3 * time)] })));
  const surge = { kind: "crowd_surge", grows_by: 6, within: 8 };
  assert.equal(found(surge, frames(40, ...arrivals(0.5))).length, 1);
  assert.deepEqual(found(surge, frames(40, ...arrivals(8))), [], "one by one");
  assert.equal(found({ kind: "running", at_least: 3 }, frames(20, ...arrivals(0.5))).length, 1);
  assert.deepEqual(found({ kind: "running", at_least: 3 }, frames(20, ...arrivals(0.5).slice(0, 2))), []);
});

test("a rule has one alarm at a time, so what overlaps is one", () => {
  const stops = (at) => (time) => [at, Math.min(15, time * 3)];
  const rule = { kind: "stopped_vehicle", classes: [CLASS.CAR], stay: 5 };
  const both = happeningsOf({ zone: "zone", clear: 4, ...rule }, AREAS, frames(20, car(stops(0)), car(stops(5))), FPS);
  assert.deepEqual(both, [{ begin: 5.1, end: 19.9, peak: 2 }]);
});

test("a course passes its place in time, brakes as told and never slides sideways", () => {
  const course = new Course({
    path: [
      [0, 0],
      [20, 0],
      [20, 30],
    ],
    pace: [
      [0, 8],
      [5, 8],
      [6, 0],
    ],
    through: { place: [20, 20], time: 6 },
  });
  const { place, speed } = course.at(6);
  assert.ok(Math.hypot(place[0] - 20, place[1] - 20) < 0.2 && speed === 0);
  assert.deepEqual(course.at(9).place, place);
  for (let time = 0; time < 5.5; time += 0.1) {
    const [a, b] = [course.at(time), course.at(time + 0.05)];
    const moved = [b.place[0] - a.place[0], b.place[1] - a.place[1]];
    const along = (moved[0] * a.heading[0] + moved[1] * a.heading[1]) / Math.hypot(...moved);
    assert.ok(along > 0.99, `${time}: ${along}`);
  }
});
