import { expect, it } from "vitest";
import { Parts } from "./parts";

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_one, n) => from + n);

it("has the first row and the newest, and then what lies between, page by page, without a hole", () => {
  const parts = new Parts<number>((row) => row, false);
  parts.head([1, ...range(401, 500)]);
  expect([parts.rows().length, parts.before()]).toEqual([101, 401]);
  parts.add(range(301, 400).reverse());
  expect([parts.rows().length, parts.before()]).toEqual([201, 301]);
  // New rows have come meanwhile: those that the newest ones no longer hold are kept.
  parts.head([1, ...range(431, 530)]);
  expect(parts.rows()).toEqual([1, ...range(301, 530)]);
  parts.add(range(2, 300));
  expect(parts.rows()).toEqual(range(1, 530));
});

it("begins anew when so many have come that nothing is in common", () => {
  const parts = new Parts<number>((row) => row, false);
  parts.head([1, ...range(401, 500)]);
  parts.head([1, ...range(601, 700)]);
  expect([parts.rows().length, parts.before()]).toEqual([101, 601]);
});

it("knows no page before a list of one", () => {
  const parts = new Parts<number>((row) => row, false);
  parts.head([1]);
  expect(parts.before()).toBeUndefined();
  parts.head([1, 2]);
  expect(parts.rows()).toEqual([1, 2]);
});

it("fills a hole behind the newest rows first, where keys show it", () => {
  const parts = new Parts<number>((row) => row, true);
  // The opening, two things that people did long ago, and the newest.
  parts.head([1, 40, 77, ...range(401, 500)]);
  expect(parts.before()).toBe(401);
  parts.add(range(301, 400));
  expect(parts.before()).toBe(301);
  parts.head([1, 40, 77, ...range(601, 700)]);
  expect([parts.rows().length, parts.before()]).toEqual([303, 601]);
  parts.add(range(501, 600));
  expect(parts.before()).toBe(301);
  parts.add(range(41, 300));
  expect(parts.before()).toBe(40);
});
