/**
 * Every question that an incident's page asks, answered in a real Chromium, by key where there is one; refusals too:
 * somebody else was quicker (before and after the console knows), it has become worse, the network is away, an answer is
 * lost, a file is too large or of the wrong kind or does not arrive. What was written must still be there after each.
 *
 * Driven by tests/tests/dialogs.rs, which made the incidents and afterwards asks the service what has happened. Talks in
 * JSON lines on stdout: `result` at the end; exits 1 with the step that failed. Environment: E2E_URL, E2E_NAME,
 * E2E_SECOND (another operator), E2E_PASSWORD (of both), E2E_INCIDENTS (JSON: ids by name), E2E_SHOTS, E2E_CHROMIUM.
 */
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const { E2E_URL: url, E2E_NAME: name, E2E_SECOND: secondName, E2E_PASSWORD: password } = process.env;
const shots = process.env.E2E_SHOTS;
const ids = JSON.parse(process.env.E2E_INCIDENTS);
const WAIT_MS = 30_000;
/** Dialogs take the focus when they open. */
const HAND_MS = 200;
const HEADERS = { "content-type": "application/json", "x-sharpeyes": "1" };

/** One pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
let at = "start";
let page;
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN" });
  await context.addInitScript(() => {
    window.print = () => {
      window.printed = (window.printed ?? 0) + 1;
    };
  });
  page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const trouble = troubleOf(page, { refusals: [409, 422], isCut: true });
  await page.goto(url);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=listbox] [data-id]");
  const second = await colleague();

  for (const part of [
    whole,
    mergeAndBack,
    shelveAndBack,
    reject,
    redAndRework,
    raced,
    takenOver,
    overtaken,
    raised,
    files,
  ]) {
    at = part.name;
    await part(page, second, context);
  }
  say("result", { trouble });
} catch (error) {
  if (shots && page) await page.screenshot({ path: `${shots}/dialogs-stuck.png` }).catch(() => {});
  say("failed", { reason: `${at}: ${String(error?.stack ?? error)}` });
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** A dispute that a unit returns and another gets, held, given time, supervised, reworked, revisited twice. */
async function whole(page) {
  await open(page, ids.whole);
  await key(page, "c");
  await state(page, "claimed");
  await key(page, "a");
  await page.waitForSelector("[data-act=assess-dispatch]");
  await page.waitForTimeout(HAND_MS);
  await key(page, "Enter");
  await state(page, "dispatched");

  await forUnit(page, 1, "退回", "不属本单位职责");
  await story(page, "return");
  // The lead has gone: another is told. Units are chosen by digit too.
  await key(page, "d");
  await pickUnit(page, "police");
  await shot(page, "dispatch-more");
  await key(page, "Enter");
  await story(page, "dispatch", 2);
  // The helper is taken back, and nothing is without a reason.
  await key(page, "w");
  await digit(page, "柳树村网格");
  await key(page, "Enter");
  await page.locator(".ask-wrong").waitFor();
  await page.keyboard.type("改由派出所处置");
  await shot(page, "withdraw");
  await key(page, "Enter");
  await story(page, "withdraw");
  await key(page, "d");
  await pickUnit(page, "justice");
  await key(page, "Enter");
  await story(page, "dispatch", 3);
  await forUnit(page, 2, "退回", undefined);
  await page.locator(".ask-wrong, .ant-modal textarea").first().waitFor();
  await key(page, "Escape");
  await closed(page);
  await key(page, "w");
  await digit(page, "司法所");
  await key(page, "Escape");
  await closed(page);

  await key(page, "h");
  await page.waitForTimeout(HAND_MS);
  await key(page, "Enter");
  await page.locator(".ask-wrong").waitFor();
  await page.keyboard.type("等待测绘结果");
  await shot(page, "hold");
  await key(page, "Enter");
  await story(page, "hold");
  await shot(page, "held");
  await key(page, "h");
  await story(page, "unhold");

  await forUnit(page, 1, "申请延期", "旧契约还没找到");
  await story(page, "ask_extension");
  await key(page, "q");
  await page.waitForTimeout(HAND_MS);
  await page.keyboard.type("今日必须办结");
  await shot(page, "refuse-extension");
  await key(page, "Enter");
  await story(page, "refuse_extension");
  await forUnit(page, 1, "申请延期", "测绘队明天才到");
  await story(page, "ask_extension", 2);
  await key(page, "e");
  await page.waitForTimeout(HAND_MS);
  await shot(page, "extend");
  await key(page, "1");
  await story(page, "extend");

  await supervise(page);

  await forUnit(page, 1, "签收");
  await story(page, "sign_in");
  await forUnit(page, 1, "到场");
  await story(page, "arrive");
  await forUnit(page, 1, "处置完毕", "双方已签调解协议");
  await story(page, "finish");
  await notGoodEnough(page);
  await key(page, "v");
  await page.waitForTimeout(HAND_MS);
  await key(page, "Enter");
  await state(page, "verified");
  await key(page, "x");
  await page.waitForTimeout(HAND_MS);
  await key(page, "1");
  await state(page, "closed");
  await key(page, "v");
  await page.waitForTimeout(HAND_MS);
  await shot(page, "revisit");
  await digit(page, "不满意");
  await state(page, "revisited");
  await key(page, "o");
  await page.waitForTimeout(HAND_MS);
  await write(page, "当事人仍有异议");
  await shot(page, "reopen");
  await page.locator(".ant-modal .reasons button").last().click();
  await state(page, "new");
  await key(page, "c");
  await state(page, "claimed");
  await key(page, "x");
  await page.waitForTimeout(HAND_MS);
  await key(page, "1");
  await state(page, "closed");
  await key(page, "v");
  await page.waitForTimeout(HAND_MS);
  await key(page, "1");
  await state(page, "revisited");
  await key(page, "z");
  await page.waitForTimeout(HAND_MS);
  await key(page, "Enter");
  await story(page, "archive");
}

/** The helper that came later is not needed any more, and the lead is not done with what it did. */
async function notGoodEnough(page) {
  await key(page, "w");
  await digit(page, "司法所");
  await page.keyboard.type("改由派出所处置");
  await key(page, "Enter");
  await state(page, "done");
  await key(page, "r");
  await page.waitForTimeout(HAND_MS);
  await key(page, "Enter");
  await page.locator(".ask-wrong").waitFor();
  await page.keyboard.type("未附调解协议");
  await shot(page, "rework");
  await key(page, "Enter");
  await story(page, "rework");
  await shot(page, "reworked");
  await forUnit(page, 1, "处置完毕", "双方已签调解协议");
  await story(page, "finish", 2);
  await state(page, "done");
}

/** The third urging makes a sheet, and the printer gets the sheet alone. */
async function supervise(page) {
  await key(page, "g");
  await page.waitForTimeout(HAND_MS);
  await write(page, "两日内办结并书面答复");
  await shot(page, "urge");
  await page.locator(".ant-modal .reasons button").last().click();
  await page.waitForURL(/supervision/);
  await page.getByText("两日内办结并书面答复").first().waitFor();
  await page.waitForTimeout(HAND_MS);
  await key(page, "p");
  await page.waitForFunction(() => window.printed === 1);
  await page.emulateMedia({ media: "print" });
  for (const screenOnly of [".sheet-tools", "header"]) {
    if (await page.locator(screenOnly).first().isVisible()) throw new Error(`${screenOnly} is printed`);
  }
  const pdf = await page.pdf({ format: "A4", path: shots ? `${shots}/dialogs-sheet.pdf` : undefined });
  const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length;
  if (pages !== 1) throw new Error(`the sheet takes ${pages} pages`);
  await page.emulateMedia({ media: "screen" });
  await key(page, "Escape");
  await page.waitForURL(/incidents\/\d+$/);
  await page.waitForSelector(".incident-head");
}

async function mergeAndBack(page) {
  await open(page, ids.twin);
  await key(page, "m");
  await page.waitForTimeout(HAND_MS);
  await shot(page, "merge");
  await digit(page, "夜市有人打架");
  await page.waitForURL(/queue/);
  await open(page, ids.twin);
  await state(page, "merged");
  await shot(page, "merged");
  await key(page, "m");
  await state(page, "new");
}

async function shelveAndBack(page) {
  await open(page, ids.shelved);
  await key(page, "s");
  await page.waitForTimeout(HAND_MS);
  await shot(page, "shelve");
  await key(page, "2");
  await state(page, "shelved");
  await key(page, "s");
  await state(page, "new");
}

async function reject(page) {
  await open(page, ids.rejected);
  await key(page, "r");
  await page.waitForTimeout(HAND_MS);
  await write(page, "请拨打 12333");
  await shot(page, "reject");
  await page.locator(".ant-modal .reasons button").first().click();
  await page.waitForURL(/queue/);
}

/** What is red is not settled on the spot, nor verified by who handled it. */
async function redAndRework(page, second) {
  await open(page, ids.red);
  await key(page, "x");
  await page.waitForTimeout(HAND_MS);
  if (await page.locator(".ant-modal .reasons button").first().isEnabled())
    throw new Error("red on the spot");
  await key(page, "1");
  await shot(page, "red-on-spot");
  await key(page, "Escape");
  await closed(page);
  await key(page, "a");
  await page.waitForSelector("[data-act=assess-dispatch]");
  await page.waitForTimeout(HAND_MS);
  await key(page, "Enter");
  await state(page, "dispatched");
  await forUnit(page, 1, "签收");
  await story(page, "sign_in");
  await forUnit(page, 1, "到场");
  await story(page, "arrive");
  await bareRed(page);
  await finishRed(page);
  await state(page, "done");
  await page.waitForFunction(() => document.querySelector('.incident-head [data-verb="verify"]') === null);
  await key(page, "v");
  await page.getByText("请另一位调度员核查").first().waitFor();
  await shot(page, "verify-refused");
  await key(page, "r");
  await page.waitForTimeout(HAND_MS);
  await page.keyboard.type("双方还在对骂");
  await key(page, "Enter");
  await story(page, "rework");
  await finishRed(page);
  await state(page, "done");
  await second.act(ids.red, { action: "verify" });
  await state(page, "verified");
}

/** A real 409: another operator claims it between the key and the gateway. */
async function raced(page, second) {
  await open(page, ids.raced);
  await key(page, "x");
  await page.waitForTimeout(HAND_MS);
  await write(page, "已请养路段垫石");
  let done = false;
  await page.route(`**/incidents/${ids.raced}/actions`, async (route) => {
    if (!done) await second.act(ids.raced, { action: "claim" });
    done = true;
    await route.continue();
  });
  await page.locator(".ant-modal .reasons button").nth(1).click();
  await refused(page, "李强", "已请养路段垫石");
  await page.unroute(`**/incidents/${ids.raced}/actions`);
  await shot(page, "raced");
  await page.click("[data-act=keep-note]");
  await closed(page);
  await story(page, "note");
}

/** Somebody takes it while the form is being filled in; then the network goes, and then only an answer. */
async function overtaken(page, second, context) {
  await open(page, ids.overtaken);
  await key(page, "a");
  await page.waitForSelector(".ant-modal .verb-form");
  const note = page.locator('.ant-modal input[maxlength="1000"]');
  await note.fill("塌方约三米，需封路");
  await second.act(ids.overtaken, { action: "claim" });
  await page.locator(".ask-refusal", { hasText: "李强" }).waitFor();
  if ((await note.inputValue()) !== "塌方约三米，需封路") throw new Error("the form was emptied");
  await shot(page, "overtaken");
  await page.locator(".ant-modal [type=submit], .ant-modal [data-act=assess-only]").last().click();
  await page.waitForTimeout(1_000);
  await page.locator(".ask-refusal", { hasText: "李强" }).waitFor();
  if ((await note.inputValue()) !== "塌方约三米，需封路") throw new Error("the refusal emptied the form");
  await key(page, "Escape");
  await closed(page);

  await key(page, "p");
  await page.waitForTimeout(HAND_MS);
  await page.keyboard.type("断网时写的");
  await context.setOffline(true);
  await key(page, "Enter");
  await page.locator(".ask-refusal").waitFor();
  await kept(page, "断网时写的");
  await shot(page, "offline");
  await context.setOffline(false);
  await page.waitForFunction(() =>
    fetch("/api/v1/health").then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  await page.locator(".ant-modal textarea").focus();
  await retry(page, () => key(page, "Enter"));
  await story(page, "note");
  // The gateway has it before the console knows.
  await closed(page);

  await key(page, "p");
  await page.locator(".ant-modal textarea").waitFor();
  await page.waitForTimeout(HAND_MS);
  await page.keyboard.type("回执丢了");
  let lost = 0;
  await page.route(`**/incidents/${ids.overtaken}/actions`, async (route) => {
    lost += 1;
    if (lost > 1) return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await key(page, "Enter");
  await closed(page);
  await page.unroute(`**/incidents/${ids.overtaken}/actions`);
  if (lost < 2) throw new Error("nothing was lost");
  await story(page, "note", 2);
}

/** What another has is taken over with a reason; and whoever loses it so is told at once, an open question too. */
async function takenOver(page, second) {
  await open(page, ids.raced);
  await key(page, "c");
  await page.locator(".ant-modal textarea").waitFor();
  await page.waitForTimeout(HAND_MS);
  await page.keyboard.type("值班员离席");
  await key(page, "Enter");
  await closed(page);
  await story(page, "take_over");
  await page.locator(".history", { hasText: "原处理人 李强" }).waitFor();
  await key(page, "x");
  await page.locator(".ant-modal .reasons").waitFor();
  await second.act(ids.raced, { action: "take_over", note: "我回来了" });
  await page.locator(".ant-notification", { hasText: "李强 已接管您的事件" }).waitFor();
  await page.locator(".ant-notification", { hasText: "我回来了" }).waitFor();
  await page.locator(".ask-refusal", { hasText: "李强" }).waitFor();
  await shot(page, "taken-over");
  await key(page, "Escape");
  await closed(page);
  await page.locator(".ant-notification-notice-close").first().click();
}

/** It becomes worse while the question is open: what was decided about the lesser one is asked once more. */
async function raised(page, second) {
  await open(page, ids.shelved);
  await key(page, "f");
  await page.waitForTimeout(HAND_MS);
  await second.act(ids.shelved, { action: "raise", level: 1 });
  await key(page, "f");
  await page.locator(".ask-refusal", { hasText: "等级已升为红" }).waitFor();
  await shot(page, "raised");
  await key(page, "Escape");
  await closed(page);
  await state(page, "new");

  await open(page, ids.twin);
  await key(page, "=");
  await page.waitForTimeout(HAND_MS);
  await write(page, "人越来越多");
  await page.locator(".ant-modal .reasons").focus();
  await second.act(ids.twin, { action: "raise", level: 2 });
  await key(page, "1");
  await refused(page, "等级已升为橙", "人越来越多");
  await key(page, "1");
  await story(page, "raise", 2);
}

async function files(page) {
  await open(page, ids.overtaken);
  const add = (name, buffer) =>
    page.setInputFiles("[data-testid=add-file]", { name, mimeType: "image/png", buffer });
  page.once("filechooser", (chooser) =>
    chooser.setFiles({ name: "现场.png", mimeType: "image/png", buffer: PNG }),
  );
  // The browser is told to ask here for files, which takes it a moment.
  await page.waitForTimeout(HAND_MS * 5);
  await key(page, "i");
  await page.locator(".file-list li", { hasText: "现场.png" }).waitFor();
  await add("太大.png", Buffer.concat([PNG, Buffer.alloc(6 * 1024 * 1024)]));
  await page.getByText("“太大.png”超过 5 MiB").first().waitFor();
  await shot(page, "file-too-large");
  await add("程序.png", Buffer.from("MZ\u0000\u0000 no picture", "latin1"));
  await page.locator(".ant-notification", { hasText: "程序.png" }).waitFor();
  await shot(page, "file-wrong");
  await page.locator(".ant-notification-notice-close").first().click();
  await page.route("**/attachments?*", (route) => route.abort("connectionreset"));
  // The same bytes again would be the same file.
  await add("断线.png", Buffer.concat([PNG, Buffer.from([0])]));
  const again = page.locator("[data-act=upload-again]");
  await again.waitFor();
  await shot(page, "file-lost");
  await page.unroute("**/attachments?*");
  await retry(page, () => again.click());
  await page.locator(".file-list li", { hasText: "断线.png" }).waitFor();
  await page.locator(".file-list button", { hasText: "现场.png" }).click();
  await page.waitForFunction(() => document.querySelector(".file-picture")?.naturalWidth === 1);
}

async function open(page, id) {
  await page.goto(`${url}/incidents/${id}`);
  await page.waitForSelector(".incident-head [data-verb]");
  await page.waitForTimeout(HAND_MS);
}

async function key(page, name) {
  await page.keyboard.press(name);
}

async function closed(page) {
  await page.waitForFunction(
    () => document.querySelector(".ant-modal-wrap:not([style*='display: none'])") === null,
  );
}

/** In this state, and no question open. */
async function state(page, name) {
  await closed(page);
  await page.locator(`.incident-head .state-${name}`).waitFor();
}

/** The history on the page tells it, and no question is open. */
async function story(page, action, n = 1) {
  await closed(page);
  await page.waitForFunction(
    ([action, n]) => document.querySelectorAll(`[data-action="${action}"]`).length >= n,
    [action, n],
  );
  await page.waitForTimeout(HAND_MS);
}

/** The choice of this name by its digit. */
async function digit(page, label) {
  const choice = page.locator(".ant-modal .reasons button", { hasText: label }).first();
  await choice.waitFor();
  await page.waitForTimeout(HAND_MS);
  await key(page, (await choice.locator("kbd").first().textContent()).trim());
  await page.waitForTimeout(HAND_MS);
}

/** By telephone: a digit for the unit, one for what it did, and why. */
async function forUnit(page, n, verb, note) {
  await key(page, String(n));
  await digit(page, verb);
  if (note === undefined) return;
  await page.keyboard.type(note);
  await key(page, "Enter");
}

/** What is red is not done with nothing to show for it: the question stays, and says so. */
async function bareRed(page) {
  await forUnit(page, 1, "处置完毕", "双方已劝离");
  await page.locator(".ask-refusal", { hasText: "现场照片" }).waitFor();
  await key(page, "Escape");
  await closed(page);
}

/** A word of why there is no photo does, too. */
async function finishRed(page) {
  await key(page, "1");
  await page.getByLabel("红色事件无附件的原因").fill("夜间无法拍照");
  await page.locator(".ant-modal .reasons button", { hasText: "处置完毕" }).click();
  await page.waitForTimeout(HAND_MS);
  await page.keyboard.type("双方已劝离");
  await key(page, "Enter");
}

async function pickUnit(page, unit) {
  const choice = page.locator(`.ant-modal [data-unit="${unit}"]`);
  await choice.waitFor();
  await page.waitForTimeout(HAND_MS);
  const name = (await choice.locator("kbd").textContent()).trim();
  for (let turns = 0; turns < 3 && (await choice.getAttribute("aria-pressed")) !== "true"; turns += 1) {
    await key(page, name);
    await page.waitForTimeout(100);
  }
  await page.waitForTimeout(HAND_MS);
}

async function write(page, text) {
  await page.locator(".ant-modal textarea").click();
  await page.keyboard.type(text);
}

async function kept(page, text) {
  const found = await page.locator(".ant-modal textarea").inputValue();
  if (found !== text) throw new Error(`of “${text}” there is “${found}”`);
}

async function refused(page, said, text) {
  await page.locator(".ask-refusal", { hasText: said }).waitFor();
  await kept(page, text);
}

/** The console waits until it has a live link again; a person presses again. */
async function retry(page, press) {
  for (let times = 0; times < 20; times += 1) {
    await press();
    await page.waitForTimeout(1_000);
    if ((await page.locator(".ask-refusal, [data-act=upload-again]").count()) === 0) return;
  }
  throw new Error("it never came through");
}

async function shot(page, what) {
  if (!shots) return;
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${shots}/dialogs-${what}.png` });
}

/** Another operator, without a screen. */
async function colleague() {
  const signedIn = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify({ name: secondName, password }),
  });
  if (!signedIn.ok) throw new Error(await signedIn.text());
  const cookie = signedIn.headers.getSetCookie()[0].split(";")[0];
  const headers = { ...HEADERS, cookie };
  return {
    act: async (id, command) => {
      const now = await (await fetch(`${url}/api/v1/incidents/${id}`, { headers })).json();
      const body = JSON.stringify({
        expected_version: now.version,
        idempotency_key: `second-${now.version}-${id}`,
        ...command,
      });
      const done = await fetch(`${url}/api/v1/incidents/${id}/actions`, { method: "POST", headers, body });
      if (!done.ok) throw new Error(await done.text());
    },
  };
}
