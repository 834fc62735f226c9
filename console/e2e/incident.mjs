/**
 * An operator's path in a real Chromium: sign in before anything has happened, see the incident arrive without a
 * reload, open it, watch the clip past the alarm with its boxes, claim and close it by key, look at a camera live.
 *
 * Driven by tests/tests/browser.rs, which starts cameras and gateway. Talks in JSON lines on stdout: `signed_in` when
 * the queue is shown and the cameras may start, `result` with what was seen at the end; exits 1 with the reason.
 * Environment: E2E_URL, E2E_NAME, E2E_PASSWORD, E2E_SHOTS (folder for screenshots), E2E_LIVE (`0`: not looked at live),
 * E2E_CHROMIUM.
 */
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const { E2E_URL: url, E2E_NAME: name, E2E_PASSWORD: password, E2E_SHOTS: shots } = process.env;
const INCIDENT_MS = 120_000;
const MEDIA_MS = 60_000;

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});

try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN" });
  const page = await context.newPage();
  // 429: a re-coding that is left and still ends counts; the player asks again, and must show the clip in the end.
  // 409 of a decision: another alarm has just been attached; the console decides anew, and must have closed it in the end.
  const trouble = troubleOf(page, { refusals: [429, "409 /actions"] });

  await page.goto(url);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=listbox]");
  await page.evaluate(() => {
    window.loadedOnce = true;
  });
  await shot(page, "queue-empty-zh");
  say("signed_in");

  const row = page.locator("[data-id]").first();
  await row.waitFor({ timeout: INCIDENT_MS });
  const withoutReload = await page.evaluate(() => window.loadedOnce === true);
  await shot(page, "queue-zh");
  const id = await row.getAttribute("data-id");

  await page.goto(`${url}/incidents/${id}`);
  const clip = await watchClip(page, id);
  await shot(page, "incident-zh");

  await page.keyboard.press("c");
  await until(page, async () => (await incident(page, id)).state === "claimed", "claimed by key");
  await page.keyboard.press("x");
  await page.keyboard.press("1");
  await until(page, async () => (await incident(page, id)).state === "closed", "closed by key");
  const closed = await incident(page, id);

  const live = process.env.E2E_LIVE === "0" ? null : await watchLive(page, closed.camera);
  await shot(page, "live-zh");

  await page.evaluate(() => localStorage.setItem("sharpeyes.language", "en"));
  await lookAround(context, id, closed.camera);

  say("result", { withoutReload, clip, live, reason: closed.close_reason, trouble });
} catch (error) {
  say("failed", { reason: String(error?.stack ?? error) });
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function shot(page, label) {
  if (shots) await page.screenshot({ path: `${shots}/${label}.png` });
}

async function incident(page, id) {
  return page.evaluate(async (id) => (await fetch(`/api/v1/incidents/${id}`)).json(), id);
}

async function until(page, condition, what) {
  const deadline = Date.now() + MEDIA_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never ${what}`);
    await page.waitForTimeout(200);
  }
}

/** Plays past the alarm's begin and says what the media element and the overlay did. */
async function watchClip(page, id) {
  const video = page.getByTestId("clip");
  await video.waitFor();
  await page.waitForFunction(() => document.querySelector("[data-testid=clip]").readyState >= 2, null, {
    timeout: MEDIA_MS,
  });
  const facts = await page.evaluate(async (id) => (await fetch(`/api/v1/incidents/${id}/clip`)).json(), id);
  const passed = await page.waitForFunction(
    (begin) => {
      const video = document.querySelector("[data-testid=clip]");
      const boxes = Number(document.querySelector("canvas[data-boxes]").dataset.boxes);
      return video.currentTime > begin + 0.5 && boxes > 0
        ? { time: video.currentTime, width: video.videoWidth, height: video.videoHeight, boxes }
        : false;
    },
    facts.alarm_begin_offset_s,
    { timeout: MEDIA_MS },
  );
  /** `plays`: the browser says that it has the coding; `recoded`: the pictures come from a buffer, and not from the file. */
  const how = await page.evaluate((mime) => {
    const video = document.querySelector("[data-testid=clip]");
    return { plays: video.canPlayType(mime) !== "", recoded: video.src.startsWith("blob:") };
  }, facts.mime);
  return {
    ...(await passed.jsonValue()),
    ...how,
    alarmBegin: facts.alarm_begin_offset_s,
    gaps: facts.gaps.length,
  };
}

/** A live picture that moves. */
async function watchLive(page, camera) {
  await page.goto(`${url}/cameras/${camera}`);
  const moving = await page.waitForFunction(
    () => {
      const video = document.querySelector("video");
      return video && video.readyState >= 2 && video.currentTime > 1
        ? { width: video.videoWidth, time: video.currentTime }
        : false;
    },
    null,
    { timeout: MEDIA_MS },
  );
  return moving.jsonValue();
}

/** The pages that people judge by their looks, in both languages and on a phone's width. */
async function lookAround(context, id, camera) {
  if (!shots) return;
  for (const [size, viewport] of [
    ["wide", { width: 1440, height: 900 }],
    ["phone", { width: 390, height: 844 }],
  ]) {
    for (const language of ["zh", "en"]) {
      const page = await context.newPage();
      await page.setViewportSize(viewport);
      await page.goto(url);
      await page.evaluate((language) => localStorage.setItem("sharpeyes.language", language), language);
      for (const [label, path] of [
        ["queue", "/queue"],
        ["incident", `/incidents/${id}`],
        ["live", `/cameras/${camera}`],
      ]) {
        await page.goto(`${url}${path}`);
        await page.waitForTimeout(2_500);
        await shot(page, `${label}-${language}-${size}`);
      }
      await page.close();
    }
  }
}
