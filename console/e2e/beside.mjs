/**
 * What stands beside the queue, in a real Chromium with two operators: one at a desk of the village, and one who is
 * responsible for the town and sees whether the other would hear an alarm, and where the centre is blind.
 *
 * Driven by tests/tests/beside.rs. Talks in JSON lines on stdout: `result` with what the second one read at each step;
 * exits 1 with the reason. Environment: E2E_URL, E2E_PASSWORD, E2E_CHROMIUM, E2E_SHOTS (a folder for pictures).
 */
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const { E2E_URL: url, E2E_PASSWORD: password, E2E_SHOTS: shots } = process.env;
/** A ticket is written when a fault has lasted, and nothing else is slower. */
const SHOWN_MS = 150_000;

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const trouble = [];

async function open(name) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN" });
  const page = await context.newPage();
  troubleOf(page, { into: trouble });
  await page.goto(url);
  await page.locator("#name").fill(name);
  await page.locator("input[type=password]").fill(password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".header .sound");
  return page;
}

try {
  const chief = await open("chief");
  const deaf = chief.locator(".beside-deaf");
  const read = async () => (await deaf.textContent()).trim();
  const gone = () => deaf.waitFor({ state: "detached", timeout: SHOWN_MS });
  const shows = async (word) => {
    await chief.locator(".beside-deaf", { hasText: word }).waitFor({ timeout: SHOWN_MS });
    return read();
  };

  const desk = await open("desk");
  const off = await shows("未开启声音");
  await desk.locator(".header .sound").click();
  await gone();
  await desk.locator(".sound-armed").click();
  await desk.locator(".ant-dropdown-menu-item").first().click();
  await desk.waitForSelector(".sound-muted");
  const muted = await shows("已静音");
  // A second tab of the same browser hears: that is enough, until it is closed.
  const tab = await desk.context().newPage();
  await tab.goto(`${url}/queue`);
  await tab.locator(".header .sound-muted, .header .sound-off").first().waitFor();
  await tab.locator(".header .sound-off").click();
  await tab.locator(".sound-armed").waitFor();
  await gone();
  await tab.goto("about:blank");
  const again = await shows("已静音");
  // The page goes: it says so, and nobody misses it.
  await desk.goto("about:blank");
  await gone();

  const blind = chief.locator(".beside-blind");
  await blind.waitFor({ timeout: SHOWN_MS });
  await blind.click();
  const row = (await chief.locator(".beside-list li").first().textContent()).trim();
  if (shots) await chief.screenshot({ path: `${shots}/beside.png` });
  say("result", { off, muted, again, blind: (await blind.textContent()).trim(), row, trouble });
} catch (error) {
  say("failed", { reason: String(error?.stack ?? error), trouble });
  process.exitCode = 1;
} finally {
  await browser.close();
}
