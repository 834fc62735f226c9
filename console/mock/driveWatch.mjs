/**
 * A watch in a real Chromium, against the mock and the built console: sound, a lost link, a flood, handing over, map
 * and wall. `npm run drive` runs this after the other checks; `node mock/driveWatch.mjs DIR` leaves pictures in DIR.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { startMock } from "./server.mjs";

const dir = process.argv[2];
if (dir) mkdirSync(dir, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=user-gesture-required"],
});
const mock = await startMock({ port: 0 });
const control = (path) => fetch(`${mock.url}/mock/${path}`, { method: "POST" });
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

async function signedIn(name = "operator", { size = "wide", language = "zh" } = {}) {
  const context = await browser.newContext({ viewport: SIZES[size], baseURL: mock.url });
  await context.addInitScript((l) => localStorage.setItem("sharpeyes.language", l), language);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const errors = [];
  page.on("pageerror", (e) => errors.push(e.message));
  page.on(
    "console",
    (m) => m.type() === "error" && !/status of|net::ERR/.test(m.text()) && errors.push(m.text()),
  );
  await page.goto("/");
  await page.locator("input").first().fill(name);
  await page.locator("input[type=password]").fill("demo");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".header");
  const shot = async (what) => {
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(beyond <= 0, `${what} is ${beyond} px too wide`);
    if (dir) await page.screenshot({ path: `${dir}/${what}-${size}-${language}.png` });
  };
  const done = async () => {
    await context.close();
    assert.deepEqual(errors, []);
  };
  return { page, context, shot, done };
}

const checks = {
  "the sound says what it is, and asks again after a reload": async () => {
    const { page, shot, done } = await signedIn();
    await page.waitForSelector(".sound-off");
    await page.locator(".sound").click();
    // The mock has an unclaimed red incident: it rings at once.
    await page.waitForSelector(".sound-ringing");
    await page.locator(".sound").click();
    await page.locator(".ant-dropdown li", { hasText: "静音 5 分钟" }).click();
    await page.waitForSelector(".sound-muted");
    await shot("sound-muted");
    await page.reload();
    await page.waitForSelector(".sound-prompt");
    await shot("sound-asks");
    await page.locator(".sound-prompt button").click();
    await page.waitForSelector(".sound-ringing");
    assert.equal(await page.locator(".sound-prompt").count(), 0);
    await done();
  },
  "a lost link is said, greys the page, and refuses what would change something": async () => {
    const { page, context, shot, done } = await signedIn();
    await page.waitForSelector(".row");
    await context.setOffline(true);
    await control("drop");
    await page.waitForSelector("[data-link-lost]");
    assert.equal(await page.evaluate(() => document.body.classList.contains("is-stale")), true);
    await page.locator('.row[data-state="new"]').first().click();
    await page.keyboard.press("c");
    await page.getByText("操作没有发出").first().waitFor();
    await shot("link-lost");
    await context.setOffline(false);
    await page.waitForSelector("[data-link-lost]", { state: "detached" });
    await page.getByText("已恢复实时").first().waitFor();
    assert.equal(await page.locator('.row-selected[data-state="new"]').count(), 1, "nothing was sent late");
    await done();
  },
  "a flood is grouped, one decision is many actions, and it can be taken back": async () => {
    const { page, shot, done } = await signedIn();
    await page.waitForSelector(".row");
    await control("flood?n=25");
    await page.waitForSelector("[data-flood]");
    const group = page.locator('[data-group="market-gate/intrusion"]');
    await group.waitFor();
    await shot("flood");
    assert.equal(await page.locator(".flood-rows .row-1").count(), 1, "red is alone on top");
    const n = Number(await group.locator(".flood-count").textContent());
    assert.ok(n >= 8, `${n} in the group`);
    await group.locator(".flood-acts button").first().click();
    const ok = page.locator(".ant-modal .ant-btn-primary");
    assert.equal(await ok.isDisabled(), true, "not without a reason");
    await page.locator(".bulk-note").fill("风吹树影");
    await shot("flood-bulk");
    await ok.click();
    await page.getByText(`已处理 ${n} 条`).first().waitFor();
    await group.waitFor({ state: "detached" });
    await page.locator(".ant-message button").click();
    await group.waitFor();
    await page.locator(".flood-bar button").click();
    await page.waitForSelector("[data-flood]", { state: "detached" });
    await done();
  },
  "a shift is handed over at the leaver's desk": async () => {
    const { page, shot, done } = await signedIn();
    await page.goto("/handover");
    await page.locator(".draft textarea").first().fill("大坝摄像机离线，已报修。");
    await shot("handover-draft");
    await page.locator(".draft-sign .ant-btn-primary").click();
    await page.locator(".handover-acts").waitFor();
    await shot("handover-open");
    const other = await signedIn("operator2");
    await other.page.waitForSelector(".header-handover");
    await other.done();
    await page.locator(".handover-acts .ant-btn-primary").click();
    await page.locator(".sign input").first().fill("operator2");
    await page.locator(".sign input").nth(1).fill("wrong");
    await page.locator(".ant-modal .ant-btn-primary").click();
    await page.locator(".sign .ant-alert").waitFor();
    await shot("handover-sign");
    await page.locator(".sign input").nth(1).fill("demo");
    await page.locator(".ant-modal .ant-btn-primary").click();
    await page.locator(".handover-past a").first().click();
    await page.waitForSelector(".paper-accepted");
    await shot("handover-signed");
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".header").isVisible(), false);
    await shot("handover-print");
    await done();
  },
  "the map leads to the incident": async () => {
    const { page, shot, done } = await signedIn();
    await page.goto("/map");
    await page.locator('[data-mark="camera/dam"]').click();
    await page.waitForSelector('[data-picked="camera/dam"]');
    await shot("map");
    await page.locator("[data-picked] .map-what").first().click();
    await page.waitForURL("**/incidents/*");
    await page.waitForSelector(".related");
    await page.locator(".related").scrollIntoViewIfNeeded();
    await shot("related");
    await done();
  },
  "the wall shows the most urgent and says when it is old": async () => {
    const { page, context, shot, done } = await signedIn();
    await page.goto("/wall");
    await page.waitForSelector("[data-wall=shown]");
    assert.ok((await page.locator(".wall-row").count()) >= 5);
    await shot("wall");
    await context.setOffline(true);
    await page.waitForSelector(".wall-old .wall-stale");
    await shot("wall-old");
    await done();
  },
  "every screen of the watch fits both sizes in both languages": async () => {
    for (const size of Object.keys(SIZES)) {
      for (const language of ["zh", "en"]) {
        const { page, shot, done } = await signedIn("operator", { size, language });
        for (const [path, ready] of [
          ["/handover", ".paper"],
          ["/map", ".map-canvas .mark"],
          ["/map?ground=grid", ".area-box"],
          ["/wall", "[data-wall=shown]"],
          ["/queue", ".row"],
        ]) {
          await page.goto(path);
          await page.waitForSelector(ready);
          if (path === "/queue") {
            await page.getByRole("button", { name: /^(合并显示|Group)$/ }).click();
            await page.waitForSelector("[data-flood]");
          }
          await page.waitForTimeout(500);
          await shot(`page${path.replace(/\W+/g, "-")}`);
        }
        await done();
      }
    }
  },
};

const only = process.argv[3];
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (only && !name.includes(only)) continue;
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack}`);
  }
}
await browser.close();
mock.stop();
process.exit(failed);
