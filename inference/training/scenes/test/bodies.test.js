import assert from "node:assert/strict";
import { test } from "node:test";
import { Matrix4, Vector3 } from "three";
import { Way } from "../src/motion.js";
import { bodyOf } from "../src/people/body.js";
import * as postures from "../src/people/postures.js";
import { BONE, bonesOf, skeletonOf } from "../src/people/skeleton.js";
import { dressed } from "../src/people/wardrobe.js";
import { Random } from "../src/random.js";

test("the same chance makes the same person, vertex by vertex", () => {
  const make = () => {
    const look = dressed(new Random("person", 3), { wild: true });
    return bodyOf(look, skeletonOf(look.height, look.build, look.youth)).shape;
  };
  const [one, two] = [make(), make()];
  assert.ok(one.vertexCount > 500);
  assert.deepEqual(one.position, two.position);
  assert.deepEqual(one.color, two.color);
  assert.ok(one.position.every(Number.isFinite) && one.normal.every(Number.isFinite));
});

test("a foot on the ground does not slide while its owner walks", () => {
  const skeleton = skeletonOf(1.7);
  const speed = 1.25;
  const length = postures.cycleLength(1.7, speed);
  const soleAt = (distance) => {
    const root = new Matrix4().makeTranslation(0, 0, distance);
    const bones = bonesOf(skeleton, postures.walking(skeleton, distance / length, speed, { mood: 0 }), root);
    return new Vector3(skeleton.hip[0], skeleton.ankleY, 0).applyMatrix4(bones[BONE.FOOT[0]]);
  };
  const first = soleAt(length * 0.1);
  for (const share of [0.15, 0.2, 0.25, 0.3, 0.35]) {
    assert.ok(Math.abs(soleAt(length * share).z - first.z) < 0.03, `slid at ${share}`);
  }
});

test("a way passes its waypoints, waits and walks no faster than it should", () => {
  const way = new Way({ start: 2, speed: 1.2, steps: [[0, 10], [6, 10], { stay: 4, facing: [6, 20] }, [6, 4]] });
  assert.deepEqual(way.at(-5).place.map(Math.round), [0, 10]);
  const waiting = way.at(9.5);
  assert.ok(Math.hypot(waiting.place[0] - 6, waiting.place[1] - 10) < 0.05);
  assert.ok(waiting.speed < 0.05 && waiting.heading[1] > 0.95);
  for (let t = 0; t < 20; t += 0.1) assert.ok(way.at(t).speed < 1.25);
  assert.ok(Math.abs(way.at(40).place[1] - 4) < 0.01);
});
