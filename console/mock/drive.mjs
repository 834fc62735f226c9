/**
 * An operator's hands in a real Chromium, against the mock and the built console: what unit tests cannot see.
 * `npm run build && npm run drive`; needs Chromium and ffmpeg.
 */
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { startMock } from "./server.mjs";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=user-gesture-required"],
});
const mock = await startMock({ port: 0 });
const control = (path) => fetch(`${mock.url}/mock/${path}`, { method: "POST" }).then((r) => r.text());
const emit = async (level, camera = "market-gate") =>
  JSON.parse(await control(`emit?level=${level}&camera=${camera}`)).id;

async function signedIn(name = "operator") {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: mock.url });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (e) => errors.push(e.message));
  page.on(
    "console",
    (m) => m.type() === "error" && !/status of 4|net::ERR/.test(m.text()) && errors.push(m.text()),
  );
  await page.goto("/");
  await page.locator("input").first().fill(name);
  await page.locator("input[type=password]").fill("demo");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".header");
  return {
    page,
    done: async () => {
      await context.close();
      assert.deepEqual(errors, []);
    },
  };
}

const row = (page, id) => page.locator(`.row[data-id="${id}"]`);
const ids = (page) => page.locator(".row").evaluateAll((rows) => rows.map((r) => Number(r.dataset.id)));
const top = async (page, id) => (await row(page, id).boundingBox()).y;
const away = (page) => page.mouse.move(1300, 880);

const checks = {
  "a new incident appears by itself": async () => {
    const { page, done } = await signedIn();
    await page.waitForSelector(".row");
    await away(page);
    const id = await emit(3);
    await row(page, id).waitFor({ timeout: 2_000 });
    await done();
  },
  "a held list does not move, and red comes through": async () => {
    const { page, done } = await signedIn();
    await page.waitForSelector(".row");
    await away(page);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const held = Number(await page.locator(".row-selected").getAttribute("data-id"));
    const before = await top(page, held);
    const quiet = await emit(2);
    await page.waitForSelector(".fresh-new");
    assert.equal(await row(page, quiet).count(), 0);
    const red = await emit(1, "dam");
    await row(page, red).waitFor({ state: "attached" });
    const order = await ids(page);
    assert.ok(order.indexOf(red) < order.indexOf(held), `${red} is not above ${held} in ${order}`);
    assert.ok(Math.abs((await top(page, held)) - before) < 1, "the selected row moved");
    await page.keyboard.press("g");
    await row(page, quiet).waitFor();
    await done();
  },
  "a false alarm is closed with two keys after the selection, and the next row is selected": async () => {
    const id = await emit(4);
    const { page, done } = await signedIn();
    await row(page, id).click();
    await away(page);
    const began = Date.now();
    await page.keyboard.press("f");
    await page.keyboard.press("f");
    await page.waitForSelector(`.row[data-id="${id}"][data-state="closed"]`);
    assert.ok(Date.now() - began < 5_000);
    assert.notEqual(Number(await page.locator(".row-selected").getAttribute("data-id")), id);
    await done();
  },
  "Enter confirms, Escape does not": async () => {
    const id = await emit(4);
    const { page, done } = await signedIn();
    await row(page, id).click();
    await page.keyboard.press("f");
    await page.waitForSelector(".ant-modal");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".ant-modal", { state: "detached" });
    assert.equal(await row(page, id).getAttribute("data-state"), "new");
    await page.keyboard.press("f");
    await page.waitForSelector(".ant-modal");
    await page.keyboard.press("Enter");
    await page.waitForSelector(`.row[data-id="${id}"][data-state="closed"]`);
    await done();
  },
  "a digit closes with its reason": async () => {
    const id = await emit(4);
    const { page, done } = await signedIn();
    await row(page, id).click();
    await page.keyboard.press("x");
    await page.waitForSelector(".reasons");
    await page.keyboard.press("4");
    await page.waitForSelector(`.row[data-id="${id}"][data-state="closed"]`);
    assert.match(await row(page, id).textContent(), /重复/);
    await done();
  },
  "whoever was slower sees who holds it": async () => {
    const id = await emit(4);
    const { page, done } = await signedIn();
    await row(page, id).click();
    await control(`steal?id=${id}&quiet=1`);
    await page.keyboard.press("c");
    await page.waitForSelector("text=李强 已先接单");
    await page.waitForSelector(`.row[data-id="${id}"][data-state="claimed"]`);
    await done();
  },
  "keys are letters while somebody types": async () => {
    const { page, done } = await signedIn();
    await page.waitForSelector(".row");
    await page.keyboard.press("/");
    await page.keyboard.type("xcf 水库");
    assert.equal(await page.locator(".queue-search input").inputValue(), "xcf 水库");
    assert.equal(await page.locator(".ant-modal").count(), 0);
    await done();
  },
  "the clip plays past the alarm with boxes over it, and steps by frames": async () => {
    const { page, done } = await signedIn();
    await page.goto("/incidents/1041");
    await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
    const begin = 10;
    const from = await page.evaluate(() => document.querySelector("video").currentTime);
    assert.ok(from <= begin - 4, `begins at ${from}`);
    await page.waitForFunction(() => Number(document.querySelector("canvas").dataset.boxes) >= 2);
    await page.waitForFunction((b) => document.querySelector("video").currentTime > b, begin, {
      timeout: 20_000,
    });
    await page.keyboard.press(" ");
    await page.waitForFunction(() => document.querySelector("video").paused);
    const at = () => page.evaluate(() => document.querySelector("video").currentTime);
    const here = await at();
    await page.keyboard.press("ArrowRight");
    assert.ok(Math.abs((await at()) - here - 0.04) < 0.01);
    await page.keyboard.press("b");
    assert.ok(Math.abs((await at()) - begin) < 0.05);
    await done();
  },
  "live pictures stay within two seconds of the edge": async () => {
    const { page, done } = await signedIn();
    await page.goto("/cameras/market-square");
    await page.waitForSelector("video[data-live=playing]");
    await page.waitForTimeout(4_000);
    const behind = await page.evaluate(() => {
      const v = document.querySelector("video");
      return v.buffered.end(v.buffered.length - 1) - v.currentTime;
    });
    assert.ok(behind < 2, `${behind} s behind`);
    await done();
  },
  "a cut connection comes back with what was missed": async () => {
    const { page, done } = await signedIn();
    await page.waitForSelector("[data-link=live]");
    await away(page);
    await control("drop");
    const id = await emit(3);
    await row(page, id).waitFor({ timeout: 5_000 });
    await page.waitForSelector("[data-link=live]");
    await done();
  },
  "sound is off until a click, and says so": async () => {
    const { page, done } = await signedIn();
    assert.equal(await page.locator(".sound").getAttribute("aria-pressed"), "false");
    await page.locator(".sound").click();
    await page.waitForSelector(".sound[aria-pressed=true]");
    await done();
  },
  "police look and do not act": async () => {
    const { page, done } = await signedIn("police");
    await page.waitForSelector(".row");
    await page.keyboard.press("j");
    await page.keyboard.press("c");
    await page.waitForSelector("text=您可以查看，但不能处理事件。");
    assert.equal(await page.locator(".actions button").count(), 0);
    await done();
  },
  "an auditor lands on the log and nowhere else": async () => {
    const { page, done } = await signedIn("auditor");
    await page.waitForURL("**/audit");
    assert.equal(await page.locator(".header-nav a").count(), 1);
    await done();
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue;
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error.message).split("\n").slice(0, 4).join("\n      ")}`);
  }
}
await browser.close();
mock.stop();
process.exit(failed === 0 ? 0 : 1);
