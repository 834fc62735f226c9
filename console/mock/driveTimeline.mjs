/**
 * Hands on the timeline in a real Chromium, against the mock's real footage: `npm run drive` runs this after the other
 * checks. The bars in the footage say which frame is really shown.
 */
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { startMock } from "./server.mjs";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const mock = await startMock({ port: 0 });
/** The mock's own origin of time: the minute in which it started. */
const begun = Math.floor(Date.now() / MINUTE) * MINUTE;
const control = (path) => fetch(`${mock.url}/mock/${path}`, { method: "POST" });

async function timeline(query, name = "operator") {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: mock.url });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
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
  await page.goto(`/timeline?${query}`);
  const done = async () => {
    await context.close();
    assert.deepEqual(errors, []);
  };
  return { page, done };
}

const pane = (page, camera) => page.locator(`.pane[data-camera="${camera}"]`);
const shown = (page, camera) => page.waitForSelector(`.pane[data-camera="${camera}"][data-state="shown"]`);
const clock = (page) => page.getByTestId("clock").getAttribute("data-at").then(Number);
const settle = (page) => page.waitForTimeout(400);
/** Frame within the minute, as burnt into the picture. */
const code = (page, camera) =>
  page.evaluate((id) => {
    const video = document.querySelector(`.pane[data-camera="${id}"] video`);
    const canvas = document.createElement("canvas");
    canvas.width = 320;
    canvas.height = 4;
    const ctx = canvas.getContext("2d");
    const h = video.videoHeight;
    ctx.drawImage(video, 0, h - h / 48 - 2, video.videoWidth, 4, 0, 0, 320, 4);
    const row = ctx.getImageData(0, 2, 320, 1).data;
    return Array.from({ length: 24 }, (_, i) => (row[((4 + i) * 10 + 5) * 4] > 128 ? 1 : 0)).reduce(
      (n, bit) => n * 2 + bit,
      0,
    );
  }, camera);
const frameOf = (wall) => Math.floor((wall % MINUTE) / 40);
const pressed = async (page, key) => {
  await page.keyboard.press(key);
  await settle(page);
};

const checks = {
  "the picture is the one that the clock names": async () => {
    const at = begun - 15 * MINUTE + 12_340;
    const { page, done } = await timeline(`cameras=market-gate&at=${at}`);
    await shown(page, "market-gate");
    await settle(page);
    assert.equal(await code(page, "market-gate"), frameOf(at));
    await done();
  },
  "keys move the clock, and frames step one by one": async () => {
    const at = begun - 15 * MINUTE + 30_000;
    const { page, done } = await timeline(`cameras=market-gate,market-square&at=${at}`);
    await shown(page, "market-gate");
    await shown(page, "market-square");
    for (const [key, moved] of [
      ["ArrowRight", 10_000],
      ["ArrowLeft", -10_000],
      ["Shift+ArrowRight", MINUTE],
      ["Shift+ArrowLeft", -MINUTE],
    ]) {
      const before = await clock(page);
      await pressed(page, key);
      assert.equal((await clock(page)) - before, moved, key);
    }
    await shown(page, "market-square");
    await settle(page);
    const first = await code(page, "market-square");
    for (const [key, frames] of [
      [".", 1],
      [".", 2],
      [",", 1],
      [",", 0],
      [",", -1],
    ]) {
      await pressed(page, key);
      assert.equal((await code(page, "market-square")) - first, frames, `after ${key}`);
      assert.equal(await code(page, "market-gate"), await code(page, "market-square"));
    }
    await page.keyboard.press(" ");
    const before = await clock(page);
    await page.waitForTimeout(2_000);
    assert.ok((await clock(page)) - before > 1_000, "does not play");
    await page.keyboard.press(" ");
    await settle(page);
    const paused = await clock(page);
    await settle(page);
    assert.equal(await clock(page), paused);
    await done();
  },
  "panes are chosen by number, enlarged and brought back": async () => {
    const { page, done } = await timeline(`cameras=market-gate,market-square&at=${begun - 15 * MINUTE}`);
    await shown(page, "market-square");
    await pressed(page, "2");
    assert.match(await pane(page, "market-square").getAttribute("class"), /pane-focused/);
    await pressed(page, "Enter");
    assert.match(await pane(page, "market-gate").getAttribute("class"), /pane-hidden/);
    await pressed(page, "Enter");
    assert.doesNotMatch(await pane(page, "market-gate").getAttribute("class"), /pane-hidden/);
    await pane(page, "market-gate").dblclick();
    await settle(page);
    assert.match(await pane(page, "market-square").getAttribute("class"), /pane-hidden/);
    await done();
  },
  "a gap is told with its cause while the others go on": async () => {
    const { page, done } = await timeline(`cameras=dam,market-gate&at=${begun - 30 * MINUTE - 2_500}`);
    await shown(page, "dam");
    await shown(page, "market-gate");
    await page.keyboard.press(" ");
    await page.waitForSelector('.pane[data-camera="dam"][data-state="gap"]');
    assert.match(await pane(page, "dam").textContent(), /无录像：摄像机离线 \d\d:\d\d:\d\d–\d\d:\d\d:\d\d/);
    const before = await clock(page);
    await page.waitForTimeout(2_000);
    assert.ok((await clock(page)) - before > 1_000, "the others stand still");
    assert.equal(await pane(page, "market-gate").getAttribute("data-state"), "shown");
    await done();
  },
  "the end of a gap is played without a jump": async () => {
    const end = begun - 22 * MINUTE;
    const { page, done } = await timeline(`cameras=dam,market-gate&at=${end - 2_500}`);
    await page.waitForSelector('.pane[data-camera="dam"][data-state="gap"]');
    await shown(page, "market-gate");
    await page.keyboard.press(" ");
    await shown(page, "dam");
    await page.waitForTimeout(1_500);
    await page.keyboard.press(" ");
    await settle(page);
    assert.equal(await code(page, "dam"), await code(page, "market-gate"));
    await done();
  },
  "where nobody has footage the clock goes on to the next and says so": async () => {
    const gap = begun - 2 * HOUR;
    const { page, done } = await timeline(`cameras=dam,market-gate,market-square&at=${gap - 2_000}`);
    await shown(page, "market-square");
    await page.keyboard.press(" ");
    await page.waitForSelector(".notices-words");
    assert.match(await page.locator(".notices").textContent(), /均无录像，已跳到/);
    assert.ok((await clock(page)) >= gap + 40_000);
    await shown(page, "dam");
    await done();
  },
  "H.265 comes transcoded, and over the quota it is said what to do": async () => {
    const at = begun - 15 * MINUTE + 5_000;
    const { page, done } = await timeline(`cameras=east-hall,west-road&at=${at}`);
    const quota = page.locator('.pane[data-state="quota"]');
    await quota.waitFor();
    assert.match(await quota.textContent(), /转码名额已用完（1 \/ 1）/);
    const other = (await quota.getAttribute("data-camera")) === "east-hall" ? "west-road" : "east-hall";
    await page.waitForSelector(`.pane[data-camera="${other}"][data-way="transcoded"][data-state="shown"]`);
    await settle(page);
    assert.equal(await code(page, other), frameOf(at));
    await quota.getByRole("button", { name: "改看辅码流" }).click();
    await page.waitForFunction(() => document.querySelectorAll('.pane[data-state="shown"]').length === 2);
    await page.keyboard.press(" ");
    const before = await clock(page);
    await page.waitForTimeout(2_500);
    assert.ok((await clock(page)) - before > 1_500);
    await done();
  },
  "older footage asks for its purpose once": async () => {
    const { page, done } = await timeline(`cameras=market-gate,dam&at=${begun - 20 * DAY + 40_000}`);
    await page.waitForSelector('.pane[data-state="purpose"]');
    await page.locator(".pane-veil button").first().click();
    await page.waitForSelector("#case:focus");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".ask-wrong");
    await page.fill("#case", "青公立字〔2026〕7号");
    await page.keyboard.press("Enter");
    await shown(page, "market-gate");
    await shown(page, "dam");
    await pressed(page, "Shift+ArrowRight");
    await shown(page, "dam");
    assert.equal(await page.locator(".ant-modal").count(), 0);
    await done();
  },
  "sixteen times either keeps up or says that it shows single pictures": async () => {
    const { page, done } = await timeline(
      `cameras=market-gate,market-square&at=${begun - 110 * MINUTE}&speed=16`,
    );
    await shown(page, "market-gate");
    await shown(page, "market-square");
    await page.keyboard.press(" ");
    await page.waitForTimeout(8_000);
    const before = await clock(page);
    const began = Date.now();
    await page.waitForTimeout(4_000);
    const pace = ((await clock(page)) - before) / (Date.now() - began);
    assert.ok(pace > 12, `runs at ${pace}`);
    for (const camera of ["market-gate", "market-square"]) {
      const way = await pane(page, camera).getAttribute("data-way");
      if (way === "pictures") assert.match(await pane(page, camera).textContent(), /逐张显示/);
    }
    await done();
  },
  "the clock waits for a slow pane by name, or goes on without it if so chosen": async () => {
    const { page, done } = await timeline(`cameras=market-gate,market-south&at=${begun - 15 * MINUTE}`);
    await shown(page, "market-gate");
    await shown(page, "market-south");
    await control("slow?camera=market-south&ms=9000");
    await page.keyboard.press("g");
    const there = new Date(begun - 50 * MINUTE + 8 * HOUR).toISOString().slice(0, 19);
    await page.fill(".ask-time", there);
    await page.keyboard.press("Enter");
    await page.keyboard.press(" ");
    await page.waitForFunction(() =>
      /正在等待：集市南门/.test(document.querySelector(".notices").textContent),
    );
    const held = await clock(page);
    await page.locator(".desk-row .anticon-setting").click();
    await page.getByText("3 秒后先走").click();
    await page.waitForFunction(
      (at) => Number(document.querySelector("[data-testid=clock]").dataset.at) > at + 1_000,
      held,
    );
    assert.match(await pane(page, "market-south").textContent(), /掉队/);
    await control("slow?camera=market-south&ms=0");
    await done();
  },
  "alarms are walked through with N and P": async () => {
    const { page, done } = await timeline(`cameras=dam&at=${begun - 70 * MINUTE}`);
    await shown(page, "dam");
    await page.keyboard.press("n");
    await page.waitForFunction(() => /红/.test(document.querySelector(".notices").textContent));
    const alarm = await clock(page);
    assert.equal(alarm, begun - 65 * MINUTE);
    await pressed(page, "p");
    assert.ok((await clock(page)) < alarm);
    await pressed(page, "n");
    assert.equal(await clock(page), alarm);
    await done();
  },
  "End plays at the edge of now": async () => {
    const { page, done } = await timeline(`cameras=market-gate&at=${begun - 15 * MINUTE}`);
    await shown(page, "market-gate");
    await page.keyboard.press("End");
    await page.waitForFunction(
      () => Date.now() - Number(document.querySelector("[data-testid=clock]").dataset.at) < 20_000,
    );
    await shown(page, "market-gate");
    await page.keyboard.press(" ");
    const before = await clock(page);
    await page.waitForTimeout(12_000);
    const moved = (await clock(page)) - before;
    assert.ok(moved > 8_000, `moved ${moved}`);
    await done();
  },
  "a marked stretch is held, listed and released": async () => {
    const { page, done } = await timeline(`cameras=market-gate&at=${begun - 15 * MINUTE}`);
    await shown(page, "market-gate");
    await page.keyboard.press("i");
    await pressed(page, "Shift+ArrowRight");
    await page.keyboard.press("o");
    await page.keyboard.press("h");
    await page.fill("#hold-case", "治安-42");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=已保全 1 段录像");
    await page.getByLabel("保全清单").click();
    const row = page.locator(".hold", { hasText: "治安-42" });
    await row.waitFor();
    await row.getByText("解除").click();
    await page.fill("#release-reason", "核查结束");
    await page.keyboard.press("Enter");
    await row.waitFor({ state: "detached" });
    await done();
  },
  "the strip seeks, zooms at the pointer and shows the picture under it": async () => {
    const at = begun - 65 * MINUTE;
    const { page, done } = await timeline(`cameras=market-gate&at=${at}&span=${HOUR}`);
    await shown(page, "market-gate");
    const box = await page.getByTestId("strip").boundingBox();
    const y = box.y + box.height * 0.75;
    await page.mouse.move(box.x + box.width * 0.3, y);
    await page.waitForSelector(".strip-tip img");
    const said = await page.locator(".strip-tip b").textContent();
    for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -240);
    await settle(page);
    assert.equal((await page.locator(".strip-tip b").textContent()).slice(0, 11), said.slice(0, 11));
    await page.mouse.click(box.x + box.width * 0.3, y);
    await settle(page);
    const expected = at - HOUR * 0.2;
    assert.ok(Math.abs((await clock(page)) - expected) < 10_000, `${(await clock(page)) - expected} ms off`);
    await shown(page, "market-gate");
    await done();
  },
  "the address says what is shown, and a reload shows it again": async () => {
    const { page, done } = await timeline(`cameras=market-gate&at=${begun - 15 * MINUTE}`);
    await shown(page, "market-gate");
    await pressed(page, "ArrowRight");
    await page.waitForFunction((at) => location.search.includes(`at=${at}`), begun - 15 * MINUTE + 10_000);
    await page.reload();
    await shown(page, "market-gate");
    assert.equal(await clock(page), begun - 15 * MINUTE + 10_000);
    await done();
  },
  "an incident opens in the timeline before its begin": async () => {
    const { page, done } = await timeline("");
    await page.goto("/incidents/1041");
    await page.waitForSelector(".incident-head");
    await page.keyboard.press("t");
    await page.waitForSelector('.pane[data-camera="market-square"]');
    await done();
  },
  "a technician sees the gaps and no picture": async () => {
    const { page, done } = await timeline("", "technician");
    await page.waitForSelector(".strip-name");
    assert.equal(await page.locator(".pane").count(), 0);
    assert.match(await page.locator(".desk").textContent(), /不能观看录像/);
    await page.goto("/storage");
    await page.waitForSelector(".stored-row");
    await done();
  },
};

const only = process.argv[2];
let failures = 0;
for (const [name, check] of Object.entries(checks)) {
  if (only && !name.includes(only)) continue;
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (error) {
    failures += 1;
    console.log(
      `FAIL  ${name}\n      ${String(error.stack ?? error)
        .split("\n")
        .slice(0, 6)
        .join("\n      ")}`,
    );
  }
}
await browser.close();
mock.stop();
console.log(`${failures} failed`);
process.exit(failures > 0 ? 1 : 0);
