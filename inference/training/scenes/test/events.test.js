import assert from "node:assert/strict";
import { test } from "node:test";
import { contains, countsOf, differences, footOf, spansOf, unclear } from "../src/events.js";

const FPS = 10;
/** Counts from a text such as `0*20 1*30`: ten frames a second. */
const counts = (text) =>
  text.split(" ").flatMap((part) => {
    const [count, times] = part.split("*").map(Number);
    return Array(times).fill(count);
  });

test("spans begin with the condition, not with the alarm, and need the hold time", () => {
  const check = (text, rule, expected) =>
    assert.deepEqual(
      spansOf(rule, counts(text), FPS).map(({ begin, end }) => [begin, end]),
      expected,
      text,
    );
  const rule = { limit: 2, hold: 2, clear: 4 };
  check("0*20 2*30 0*60", rule, [[2, 4.9]]);
  check("0*20 2*20 0*60", rule, []); // one frame short of the hold time
  check("0*20 1*50 0*60", rule, []); // below the limit
  check("0*20 2*15 0*8 2*15 0*60", rule, [[2, 5.7]]); // a short dropout does not begin anew
  check("0*20 2*15 0*12 2*15 0*60", rule, []); // a long one does
  check("0*20 2*30 0*30 2*30 0*60", rule, [[2, 10.9]]); // shorter than the clear time: one event
  check("0*20 2*30 0*45 2*30 0*60", rule, [
    [2, 4.9],
    [9.5, 12.4],
  ]);
  check("0*20 2*30", rule, [[2, 4.9]]); // still running at the end
});

test("a thing is in a zone when the middle of its lower edge is", () => {
  const square = [
    [0.2, 0.4],
    [0.8, 0.4],
    [0.8, 1],
    [0.2, 1],
  ];
  assert.deepEqual(footOf({ left: 0.4, top: 0.1, width: 0.2, height: 0.5 }), [0.5, 0.6]);
  assert.ok(contains(square, [0.5, 1])); // feet on the picture's border
  assert.ok(!contains(square, [0.1, 0.6]));
  const frames = [
    [
      { cls: 0, box: { left: 0.4, top: 0.1, width: 0.2, height: 0.5 } },
      { cls: 6, box: { left: 0.4, top: 0.5, width: 0.2, height: 0.1 } },
      { cls: 0, box: { left: 0.4, top: 0.0, width: 0.2, height: 0.3 } },
    ],
    [],
  ];
  assert.deepEqual(countsOf({ classes: [0] }, square, frames), [1, 0]);
});

test("a loop that does not do what it intends is refused", () => {
  const spans = [{ begin: 9.2, end: 25.1, peak: 9 }];
  assert.deepEqual(differences("square", spans, [{ begin: 9, end: 25 }]), []);
  assert.equal(differences("square", spans, []).length, 1);
  assert.equal(differences("square", spans, [{ begin: 9, end: 30 }]).length, 1);
  const rule = { limit: 5 };
  assert.deepEqual(unclear("square", rule, counts("1*90 5*10 9*120 0*90"), FPS, { margin: 2 }), []);
  assert.equal(unclear("square", rule, counts("1*90 5*40 9*120 0*90"), FPS, { margin: 2 }).length, 1);
  assert.match(unclear("square", rule, counts("9*20 0*200"), FPS, { margin: 2 })[0], /not calm/);
});
