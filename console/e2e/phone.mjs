/**
 * A patrol's phone in a real Chromium, on a network that loses answers: sign in at an incident, arrive, feed back with
 * a photo, finish; a draft over a reload; a task that is withdrawn, at which the phone rings and shakes; a report by a double tap, and one whose answer is lost.
 *
 * Driven by tests/tests/phone.rs, which dispatches two incidents before, and counts afterwards what has arrived. Talks
 * in JSON lines on stdout: `withdraw` when the second one should be taken back, `again` when it should be told once more, `urge`
 * when it should be urged, `result` at the end; exits 1 with the
 * reason. Environment: E2E_URL, E2E_NAME, E2E_PASSWORD, E2E_FIRST, E2E_SECOND (incidents), E2E_CHROMIUM.
 */
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const {
  E2E_URL: url,
  E2E_NAME: name,
  E2E_PASSWORD: password,
  E2E_FIRST: first,
  E2E_SECOND: second,
} = process.env;
const WAIT_MS = 30_000;

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

try {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    locale: "zh-CN",
    geolocation: { latitude: 23.51, longitude: 100.71 },
    permissions: ["geolocation"],
  });
  await context.addInitScript(() => {
    window.shaken = [];
    navigator.vibrate = (pattern) => window.shaken.push(pattern) > 0;
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const trouble = troubleOf(page, { isCut: true });

  await page.goto(url);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.task[data-id="${second}"]`);
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

  await page.tap(`.task[data-id="${first}"]`);
  await signInOffline(page, context);
  await page.getByRole("button", { name: "到场", exact: true }).tap();
  await page.getByRole("button", { name: "办结", exact: true }).waitFor();
  const draft = await keepsDraft(page);
  await feedBackWithLostAnswer(page);
  await page.getByRole("button", { name: "办结", exact: true }).tap();
  // Done with what? Nothing is sent without a word of it.
  await page.getByRole("button", { name: "提交", exact: true }).tap();
  await page.waitForSelector(".form-missing");
  await page.fill("#note-finish", "积水已排完，警示牌已撤");
  await page.getByRole("button", { name: "提交", exact: true }).tap();
  await page.waitForSelector(".step-done");

  await page.tap(".phone-back");
  await page.waitForSelector(`.task[data-id="${second}"]`);
  say("withdraw");
  await page.waitForSelector(`.task[data-id="${second}"]`, { state: "detached" });
  await page.locator(".ant-notification", { hasText: "任务已收回" }).waitFor();
  // A page that was loaded anew is silent until it is tapped, and says so.
  const silent = await page.evaluate(() => window.shaken.length);
  await page.getByRole("button", { name: "点此开启响铃和振动" }).tap();
  await page.getByRole("button", { name: "响铃和振动已开启" }).waitFor();
  say("again");
  await page.locator(".ant-notification", { hasText: "新任务" }).waitFor();
  await page.waitForSelector(`.task[data-id="${second}"]`);
  say("urge");
  await page.locator(".ant-notification", { hasText: "催办" }).waitFor();
  const shaken = await page.evaluate(() => window.shaken.length);
  await page.locator(".ant-notification-notice-close").first().click();

  const reports = await report(page);
  say("result", { tooWide, draft, reports, silent, shaken, trouble });
} catch (error) {
  say("failed", { reason: String(error?.stack ?? error) });
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** Nothing goes out: the page says so, sends nothing by itself when the network is back, and once when it is asked to. */
async function signInOffline(page, context) {
  const button = page.getByRole("button", { name: "报到", exact: true });
  await button.waitFor();
  await context.setOffline(true);
  await button.tap();
  await page.waitForSelector(".unsent");
  await context.setOffline(false);
  await page.waitForTimeout(2_000);
  if (await page.getByRole("button", { name: "到场", exact: true }).count()) {
    throw new Error("it was sent without being asked");
  }
  await page.getByRole("button", { name: "重新发送" }).tap();
  await page.getByRole("button", { name: "到场", exact: true }).waitFor();
}

/** Words that are not sent yet are there after a reload. */
async function keepsDraft(page) {
  await page.getByRole("button", { name: "反馈", exact: true }).tap();
  await page.fill("#note-feedback", "桥面积水约半米，");
  await page.waitForTimeout(800);
  await page.reload();
  await page.getByRole("button", { name: "反馈", exact: true }).tap();
  return page.inputValue("#note-feedback");
}

/** The gateway takes it and the answer is lost; the page is loaded anew, and the same is sent again by hand. */
async function feedBackWithLostAnswer(page) {
  await page.fill("#note-feedback", "桥面积水约半米，已拉警戒线");
  await choosePhoto(page, "input[capture]");
  await page.waitForSelector(".photos figure img");
  await loseAnswers(page, "**/work");
  await page.getByRole("button", { name: "提交", exact: true }).tap();
  await page.waitForSelector(".unsent");
  await page.unroute("**/work");
  await page.reload();
  await page.waitForSelector(".unsent");
  await page.getByRole("button", { name: "重新发送" }).tap();
  await page.waitForSelector(".unsent", { state: "detached" });
}

async function report(page) {
  await page.getByRole("link", { name: "上报" }).tap();
  await page.getByRole("button", { name: "道路障碍、积水" }).tap();
  await page.selectOption("#report-area", { index: 1 });
  await page.fill("#report-what", "涵洞积水\n小车已不能通过");
  await page.getByRole("button", { name: "获取当前位置" }).tap();
  await page.waitForSelector("text=北纬 23.51000");
  await choosePhoto(page, "input[multiple]");
  await page.waitForSelector(".photos figure img");
  // Both taps in the same moment, before the page can show that the first one was taken.
  await page.evaluate(() => {
    const button = document.querySelector(".report .work-main");
    button.click();
    button.click();
  });
  const one = await number(page);
  await page.getByRole("button", { name: "再报一件" }).tap();

  await page.getByRole("button", { name: "环境卫生" }).tap();
  await page.selectOption("#report-area", { index: 1 });
  await page.fill("#report-what", "三组路口垃圾堆放");
  await loseAnswers(page, "**/reports");
  await page.getByRole("button", { name: "上报", exact: true }).tap();
  await page.waitForSelector(".report .unsent");
  await page.unroute("**/reports");
  await page.reload();
  await page.getByRole("button", { name: "重新发送" }).tap();
  const two = await number(page);
  await page.waitForSelector("text=没有重复");
  const own = await page.$$eval(".own-reports li", (rows) => rows.map((row) => row.textContent));
  return { numbers: [one, two], own };
}

async function number(page) {
  return (await page.locator(".taken-number").textContent()).replace(/\D*/, "");
}

/** What is asked arrives; the answer does not. */
async function loseAnswers(page, pattern) {
  await page.route(pattern, async (route) => {
    if (route.request().method() === "POST") await route.fetch();
    await route.abort("connectionreset");
  });
}

/** A photo as large as a phone makes them, with enough in it that it does not shrink by itself. */
async function choosePhoto(page, input) {
  const bytes = await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 4_000;
    canvas.height = 3_000;
    const context = canvas.getContext("2d");
    for (let n = 0; n < 20_000; n++) {
      context.fillStyle = `hsl(${(n * 47) % 360} 60% ${30 + (n % 50)}%)`;
      context.fillRect((n * 7_919) % 4_000, (n * 6_271) % 3_000, 40, 40);
    }
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
    const text = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(made);
    });
    return text.split(",")[1];
  });
  await page.setInputFiles(input, {
    name: "photo.jpg",
    mimeType: "image/jpeg",
    buffer: Buffer.from(bytes, "base64"),
  });
}
