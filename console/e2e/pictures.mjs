/**
 * Pictures of every screen of `make demo`, in both languages and both sizes, as WebP into docs/images. The demo plays
 * our own footage only; what people report and who is told of it is made up here, so that queue and phones are not empty.
 *
 *   make demo                                     # in one terminal; wait for a crowding and an intrusion
 *   cd console && npm run pictures -- http://127.0.0.1:8460 ../demo-data/accounts.txt ../docs/images
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { LANGUAGES, open, SIZES, screensOf } from "./screens.mjs";

const [url, accountsFile, out, only] = process.argv.slice(2);
const WAIT_MS = 150_000;
/** Roles in the order in which their screens are taken; the first who has a screen shows it. */
const ROLES = ["operator", "patrol", "technician", "administrator", "auditor"];
/** Until clips, live pictures and recordings are shown. */
const SHOWN_MS = { incident: 9_000, cameras: 9_000, timeline: 9_000, wall: 6_000, map: 4_000 };
const USUAL_MS = 2_500;
const TRIAL_MS = 60_000;
const QUALITY = 0.72;

/** What people tell the centre on such an evening; with words it is dispatched. */
const REPORTS = [
  {
    words: "请核实伤情，必要时联系卫生院。",
    report: {
      class: "fight",
      area: "demo-town",
      level: 1,
      source: "hotline",
      title: "夜市有人打架，一人头部受伤",
      location: "夜市北口",
      reporter: "李大爷",
      reporter_phone: "13900000000",
    },
  },
  {
    words: "先设警示标志，再排水。",
    report: {
      class: "road_hazard",
      area: "demo-village",
      level: 2,
      source: "hotline",
      title: "桥面积水，车辆无法通行",
      description: "积水约半米，已有一辆三轮车熄火。",
      location: "东村石桥",
      latitude: 23.51234,
      longitude: 100.71234,
    },
  },
  {
    report: {
      class: "environment",
      area: "demo-village",
      source: "visit",
      title: "三组路口垃圾堆放多日",
      location: "三组路口",
    },
  },
  {
    report: {
      class: "dispute",
      area: "demo-town",
      source: "superior",
      title: "两家因宅基地边界争执",
      location: "西街 12 号",
    },
  },
];

const accounts = Object.fromEntries(
  (await readFile(accountsFile, "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([name, password]) => [name, { name, password }]),
);
await mkdir(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
try {
  await fill();
  const press = await browser.newPage();
  for (const [suffix, size] of [
    ["", "wide"],
    ["-phone", "phone"],
  ]) {
    for (const language of LANGUAGES) {
      const taken = new Set();
      for (const role of [null, ...ROLES.filter((name) => accounts[name])]) {
        await takeAll(press, taken, role, size, language, suffix);
      }
    }
  }
} finally {
  await browser.close();
}

async function takeAll(press, taken, role, size, language, suffix) {
  const context = await open(browser, url, size, language, role && accounts[role]);
  const page = await context.newPage();
  const own = role ? await screensOf(page, USUAL_MS) : [{ name: "sign-in", path: "/" }];
  for (const screen of own) {
    // A unit has an incident page of its own.
    const name = role === "patrol" && screen.name === "incident" ? "task" : screen.name;
    if (taken.has(name) || name === "incident-report") continue;
    taken.add(name);
    if (only && !only.split(",").includes(name)) continue;
    await page.goto(screen.path);
    await page.waitForTimeout(SHOWN_MS[name] ?? USUAL_MS);
    if (name === "queue") await page.keyboard.press("j");
    if (name === "rules") await tryRule(page);
    await page.waitForTimeout(400);
    const png = await page.screenshot({ type: "png" });
    const label = `${name.replaceAll("/", "-")}-${language}${suffix}`;
    await writeFile(`${out}/${label}.webp`, await webp(press, png, SIZES[size].viewport));
  }
  await context.close();
}

/** The rule of the square, tried once on its recording; afterwards its result is looked at. */
async function tryRule(page) {
  await page.locator(".rules-cameras button", { hasText: "Village square" }).click();
  await page.locator(".rules-own article").first().waitFor();
  await page.waitForTimeout(USUAL_MS);
  if ((await page.locator(".trial-list li").count()) === 0) {
    await page.locator(".rules-own article button").first().click();
    await page.locator(".trial-run .ant-btn-primary").click();
  }
  // A busy machine lets trials wait; then the picture shows it running.
  await page
    .locator(".trial-result")
    .waitFor({ timeout: TRIAL_MS })
    .catch(() => {});
  await page.waitForTimeout(USUAL_MS);
}

/** Chromium takes PNG and JPEG only, and codes WebP on a canvas: a third of the size. */
async function webp(page, png, { width, height }) {
  const coded = await page.evaluate(
    async ([png, width, height, quality]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      canvas.getContext("2d").drawImage(image, 0, 0, width, height);
      return canvas.toDataURL("image/webp", quality).split(",")[1];
    },
    [png.toString("base64"), width, height, QUALITY],
  );
  return Buffer.from(coded, "base64");
}

/** A queue as on a usual evening: alarms of the cameras, reports of people, some of it dispatched and under way. */
async function fill() {
  const centre = await open(browser, url, "wide", "zh", accounts.operator);
  const page = await centre.newPage();
  await page.goto("/");
  const { camera, isFilled } = await alarms(page);
  if (!isFilled) {
    await dispatch(page, camera, "请立即到场劝离水边人员，拉警戒线。");
    for (const one of REPORTS) {
      const made = await send(page, "/reports", { ...one.report, idempotency_key: key() });
      if (one.words) await dispatch(page, made.id, one.words);
    }
  }
  await centre.close();
  if (isFilled || !accounts.patrol) return;
  const unit = await open(browser, url, "phone", "zh", accounts.patrol);
  const phone = await unit.newPage();
  await phone.goto("/");
  for (const [action, note] of [
    ["sign_in"],
    ["arrive"],
    ["feedback", "已到水边，劝离两人，正在拉警戒线。"],
  ]) {
    const now = await ask(phone, `/incidents/${camera}`);
    await send(phone, `/incidents/${camera}/work`, {
      action,
      note,
      expected_version: now.version,
      idempotency_key: key(),
    });
  }
  await unit.close();
}

async function dispatch(page, id, note) {
  for (const [action, more] of [
    ["claim"],
    ["assess"],
    ["dispatch", { lead: "patrol", assist: ["traffic"], note }],
  ]) {
    const now = await ask(page, `/incidents/${id}`);
    await send(page, `/incidents/${id}/actions`, {
      action,
      expected_version: now.version,
      idempotency_key: key(),
      ...more,
    });
  }
}

function key() {
  return `pictures-${Date.now()}-${Math.random()}`;
}

function ask(page, path) {
  return page.evaluate(async (path) => (await fetch(`/api/v1${path}`)).json(), path);
}

async function send(page, path, body) {
  const answer = await page.evaluate(
    async ([path, body]) => {
      const headers = { "content-type": "application/json", "x-sharpeyes": "1" };
      const response = await fetch(`/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { ok: response.ok, body: await response.json() };
    },
    [path, body],
  );
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Waits until the cameras have raised a crowding and an intrusion, and gives one that can be played. */
async function alarms(page) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const { incidents } = await ask(page, "/incidents?state=all");
    const playable = await page.evaluate(async (incidents) => {
      const found = [];
      for (const { id } of incidents.filter((one) => one.thumbnail)) {
        const clip = await fetch(`/api/v1/incidents/${id}/clip`);
        if (clip.ok && MediaSource.isTypeSupported((await clip.json()).mime)) found.push(id);
      }
      return found;
    }, incidents);
    const classes = new Set(incidents.map((one) => one.class));
    const intrusion = incidents.find((one) => one.class === "intrusion" && playable.includes(one.id));
    if (classes.has("crowding") && intrusion) {
      return { camera: intrusion.id, isFilled: incidents.some((one) => one.source === "hotline") };
    }
    if (Date.now() > deadline) throw new Error("no crowding and no playable intrusion in time");
    await page.waitForTimeout(1_000);
  }
}
