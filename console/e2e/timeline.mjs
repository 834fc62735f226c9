/**
 * Playback in a real Chromium against a running gateway: how soon the first picture of an old instant is there, how
 * long a seek takes, and how far apart the panes are while they all play.
 *
 * Speaks one JSON line on stdout, `result` or `failed`; exits 1 with the reason. Environment: E2E_URL, E2E_NAME,
 * E2E_PASSWORD, E2E_CAMERAS (comma separated, the first one is used alone for the first picture and the seeks),
 * E2E_AT_MS (an instant with half of the span of footage after it), E2E_SPAN_MS (of the strip; an hour), E2E_CASE (case
 * number; asked for when the instant is older than a day), E2E_FIRST (3; how often the first picture is waited for, each
 * time in a new profile), E2E_SEEKS (20), E2E_PLAY_S (10), E2E_SPEED (1), E2E_CODE (`wall`: the bars in the picture count frames of
 * wall time; otherwise each pane's own constant offset is taken off), E2E_SHOTS (folder), E2E_CHROMIUM.
 *
 * Frames are read twice: from `requestVideoFrameCallback`, and from bars burnt into the picture where there are any
 * (32 cells over the lowest 1/24: 1010, then 24 bits, then 0101), which no mistake in the page's own arithmetic can hide.
 * The bars are read from pictures of the whole screen, because that is what people see: a script that asks the panes one
 * after the other meets some of them between two refreshes, two frames apart where the screen never shows more than one.
 */
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const env = process.env;
const { E2E_URL: url, E2E_NAME: name, E2E_PASSWORD: password, E2E_SHOTS: shots } = env;
const cameras = (env.E2E_CAMERAS ?? "").split(",").filter(Boolean);
const at = Number(env.E2E_AT_MS);
const firsts = Number(env.E2E_FIRST ?? 3);
const seeks = Number(env.E2E_SEEKS ?? 20);
const play_s = Number(env.E2E_PLAY_S ?? 10);
const speed = Number(env.E2E_SPEED ?? 1);
const MEDIA_MS = 60_000;
const WARM_MS = 3_000;
const SCREEN_EVERY_MS = 150;
const HOUR_MS = 3_600_000;
const span = Number(env.E2E_SPAN_MS ?? HOUR_MS);

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const browser = await chromium.launch({
  executablePath: env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
const trouble = [];
let page = null;

try {
  if (cameras.length === 0 || !Number.isFinite(at)) throw new Error("E2E_CAMERAS and E2E_AT_MS are needed");
  const first = [];
  for (let i = 0; i < firsts; i++) {
    await page?.context().close();
    page = await signedIn();
    first.push(await firstPicture(page));
  }
  const first_picture_ms = summary(first);
  const seek_ms = await seekTimes(page);
  await shot(page, "timeline-one");
  const together = await playTogether(page);
  await shot(page, "timeline-all");
  say("result", { first_picture_ms, seek_ms, ...together, trouble });
} catch (error) {
  if (page) await shot(page, "timeline-failed");
  const states = (await page?.$$eval(".pane", (panes) => panes.map((p) => p.dataset.state))) ?? [];
  say("failed", { reason: String(error?.stack ?? error), states, trouble });
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** A page in a profile of its own. */
async function signedIn() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN" });
  await context.addInitScript(watchFrames);
  const page = await context.newPage();
  troubleOf(page, { into: trouble });
  await page.goto(url);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".header");
  return page;
}

async function shot(page, label) {
  if (shots) await page.screenshot({ path: `${shots}/${label}.png` });
}

/** Runs in the page before anything else: the last frames of every video element, with the wall time of each. */
function watchFrames() {
  const seen = new WeakSet();
  window.shownFrames = new Map();
  const watch = (video) => {
    seen.add(video);
    const take = (_now, frame) => {
      const camera = video.closest("[data-camera]")?.dataset.camera;
      if (camera) {
        const wall = Number(video.dataset.base) + frame.mediaTime * 1000;
        const list = window.shownFrames.get(camera) ?? [];
        list.push({ wall, display: frame.expectedDisplayTime, at: performance.now() });
        window.shownFrames.set(camera, list.slice(-12));
      }
      video.requestVideoFrameCallback(take);
    };
    video.requestVideoFrameCallback(take);
  };
  new MutationObserver(() => {
    for (const video of document.querySelectorAll("video")) if (!seen.has(video)) watch(video);
  }).observe(document, { childList: true, subtree: true });
}

/** Opens the timeline; gives the moment, in the page's time, from which on nothing but the gateway is waited for. */
async function open(page, chosen) {
  await page.goto(`${url}/timeline?cameras=${chosen.join(",")}&at=${at}&span=${span}&speed=${speed}`);
  if (Date.now() - at < 24 * HOUR_MS) {
    await page.waitForSelector(".pane");
    return 0;
  }
  await page.waitForSelector('.pane[data-state="purpose"]');
  await page.locator(".pane-veil button").first().click();
  await page.fill("#case", env.E2E_CASE ?? "e2e-1");
  const begun = await page.evaluate(() => performance.now());
  await page.keyboard.press("Enter");
  return begun;
}

async function firstPicture(page) {
  const begun = await open(page, cameras.slice(0, 1));
  const seen = await page.waitForFunction(
    (camera) => window.shownFrames.get(camera)?.[0]?.at ?? false,
    cameras[0],
    { timeout: MEDIA_MS, polling: "raf" },
  );
  return Math.round((await seen.jsonValue()) - begun);
}

/** Clicks on the strip all over its right half, and waits for the picture of the clicked instant. */
async function seekTimes(page) {
  const box = await page.getByTestId("strip").boundingBox();
  const times = [];
  for (let i = 0; i < seeks; i++) {
    const share = 0.52 + 0.44 * ((i * 0.618) % 1);
    await page.evaluate(() => {
      window.addEventListener("pointerup", () => (window.clickedAt = performance.now()), {
        once: true,
        capture: true,
      });
    });
    await page.mouse.click(box.x + box.width * share, box.y + box.height * 0.75);
    const taken = await page.waitForFunction(
      (camera) => {
        const target = Number(document.querySelector("[data-testid=clock]").dataset.at);
        const frame = (window.shownFrames.get(camera) ?? []).find(
          (f) => f.at > window.clickedAt && f.wall <= target + 2 && f.wall > target - 120,
        );
        const state = document.querySelector(".pane").dataset.state;
        if (state === "gap") return "gap";
        return frame ? frame.at - window.clickedAt : false;
      },
      cameras[0],
      { timeout: MEDIA_MS, polling: "raf" },
    );
    const value = await taken.jsonValue();
    if (value !== "gap") times.push(value);
  }
  return summary(times);
}

async function playTogether(page) {
  await open(page, cameras);
  await page.waitForFunction(
    (n) => document.querySelectorAll('.pane[data-state="shown"]').length === n,
    cameras.length,
    { timeout: MEDIA_MS },
  );
  await page.keyboard.press(" ");
  await page.waitForTimeout(WARM_MS);
  const stop = new AbortController();
  const screens = takeScreens(page, stop.signal);
  const { samples, frame_ms, played } = await page
    .evaluate(sampleTogether, play_s * 1000)
    .finally(() => stop.abort());
  const codes = await page.evaluate(readCodes, await screens);
  const ways = await page.$$eval(".pane", (panes) => panes.map((pane) => pane.dataset.way));
  const spreads = samples.map((walls) => (Math.max(...walls) - Math.min(...walls)) / frame_ms);
  return {
    panes: cameras.length,
    /** How each pane's pictures come: `native`, `transcoded`, `pictures`. */
    ways,
    frame_ms,
    /** 1 when the clock never had to wait. */
    pace: Number((played / (play_s * 1000 * speed)).toFixed(3)),
    spread_frames: summary(spreads),
    code_spread_frames: codeSpread(codes, env.E2E_CODE === "wall"),
    /** The same without each pane's constant offset, which is the recording's and not the playback's. */
    code_jitter_frames: codeSpread(codes, false),
  };
}

/** Pictures of the whole screen, as base64, until the signal. */
async function takeScreens(page, signal) {
  const devtools = await page.context().newCDPSession(page);
  const screens = [];
  while (!signal.aborted) {
    const { data } = await devtools.send("Page.captureScreenshot", {
      format: "jpeg",
      quality: 85,
      optimizeForSpeed: true,
    });
    screens.push(data);
    await page.waitForTimeout(SCREEN_EVERY_MS);
  }
  await devtools.detach();
  return screens;
}

/** In the page: at every screen refresh what the browser says that each pane shows. */
async function sampleTogether(length_ms) {
  const panes = [...document.querySelectorAll(".pane")];
  const clock = () => Number(document.querySelector("[data-testid=clock]").dataset.at);
  const gaps = [];
  for (const list of window.shownFrames.values())
    for (let i = 1; i < list.length; i++) gaps.push(list[i].wall - list[i - 1].wall);
  const frame_ms = gaps.filter((g) => g > 5).sort((a, b) => a - b)[0] ?? 40;
  const samples = [];
  const begun = performance.now();
  const from = clock();
  while (performance.now() - begun < length_ms) {
    const now = await new Promise(requestAnimationFrame);
    const shown = panes.map(
      (pane) =>
        (window.shownFrames.get(pane.dataset.camera) ?? []).filter((f) => f.display <= now).pop()?.wall,
    );
    if (shown.every((wall) => wall !== undefined)) samples.push(shown);
  }
  return { samples, frame_ms: Math.round(frame_ms * 1000) / 1000, played: clock() - from };
}

/** In the page: what the bars of every pane say in each picture of the screen; null where there are none. */
async function readCodes(screens) {
  const canvas = document.createElement("canvas");
  canvas.width = innerWidth;
  canvas.height = innerHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  // The picture lies in the middle of its element, as large as it fits.
  const rows = [...document.querySelectorAll(".pane video")].map((video) => {
    const { x, y, width, height } = video.getBoundingClientRect();
    const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
    const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
    return { left: x + (width - w) / 2, width: w, y: Math.round(y + (height + h) / 2 - h / 48) };
  });
  const codeAt = ({ left, width, y }) => {
    const bits = Array.from({ length: 32 }, (_, i) => {
      const x = Math.round(left + ((i + 0.5) * width) / 32);
      return context.getImageData(x, y, 1, 1).data[0] > 128 ? 1 : 0;
    });
    if (bits.slice(0, 4).join("") !== "1010" || bits.slice(28).join("") !== "0101") return null;
    return bits.slice(4, 28).reduce((n, bit) => n * 2 + bit, 0);
  };
  const codes = [];
  for (const screen of screens) {
    const bytes = Uint8Array.from(atob(screen), (char) => char.charCodeAt(0));
    context.drawImage(await createImageBitmap(new Blob([bytes])), 0, 0);
    codes.push(rows.map(codeAt));
  }
  return codes;
}

/** Frames between the panes by their bars; null where the footage has none. */
function codeSpread(codes, isWall) {
  const whole = codes.filter((values) => values.every((value) => value !== null));
  if (whole.length < codes.length / 2 || whole.length === 0) return null;
  // Without a common origin every camera counts from its own begin: only what changes between panes is an error.
  const origin = whole[0].map((_, i) => (isWall ? 0 : middle(whole.map((values) => values[i] - values[0]))));
  const spreads = whole.map((values) => {
    const own = values.map((value, i) => value - origin[i]);
    return Math.max(...own) - Math.min(...own);
  });
  return summary(spreads);
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function summary(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2));
  return { p50: at(0.5), p95: at(0.95), max: at(1), n: sorted.length };
}
