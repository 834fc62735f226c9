import assert from "node:assert/strict";
import { test } from "node:test";
import { hash, Random } from "../src/random.js";

test("a seed gives the same numbers for ever", () => {
  const random = new Random("square", 11);
  const numbers = Array.from({ length: 4 }, () => Math.floor(random.next() * 1e6));
  assert.deepEqual(numbers, [286791, 253999, 779696, 872282]);
  assert.equal(hash("square", 11), hash("square", "11"));
  assert.notEqual(hash(1, 11), hash(11, 1));
});

test("numbers stay in their range and choices follow their weights", () => {
  const random = new Random(5);
  const counts = { often: 0, seldom: 0, never: 0 };
  for (let i = 0; i < 4000; i++) {
    const value = random.range(-2, 3);
    assert.ok(value >= -2 && value < 3);
    const whole = random.int(1, 4);
    assert.ok(Number.isInteger(whole) && whole >= 1 && whole <= 4);
    counts[random.weighted({ often: 3, seldom: 1, never: 0 })]++;
  }
  assert.equal(counts.never, 0);
  assert.ok(Math.abs(counts.often / 4000 - 0.75) < 0.03);
});

test("a fork depends on the past and the label, not on what is drawn later", () => {
  const one = new Random(9);
  const two = new Random(9);
  assert.equal(one.fork("person").next(), two.fork("person").next());
  assert.notEqual(new Random(9).fork("person").next(), new Random(9).fork("rider").next());
});
