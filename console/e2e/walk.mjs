/**
 * Follows docs/walk.md or docs/walk.zh-CN.md in a real Chromium, click by click: what the document says is what is done.
 *
 * Only numbered items are steps, read from left to right:
 *   <kbd>N</kbd>      a key, or keys held together: <kbd>Ctrl+Enter</kbd>
 *   `text`            typed where the cursor is
 *   **label**         clicked: a button, link, field or option of that name
 *   *text*            must be seen before it goes on
 * An image of the document (`![…](images/walk-….png)`) is a picture of the screen at that point; with E2E_SHOTS it is
 * made anew.
 *
 * Driven by tests/tests/walk.rs, which starts the gateway. Talks in JSON lines on stdout: `result` with the number of
 * steps at the end; exits 1 with the step that could not be followed.
 * Environment: E2E_URL, E2E_DOCUMENT, E2E_LANGUAGE (zh or en), E2E_SHOTS (folder for pictures), E2E_CHROMIUM.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const { E2E_URL: url, E2E_DOCUMENT: path, E2E_LANGUAGE: language, E2E_SHOTS: shots } = process.env;
/** A busy machine answers late; a wrong document never. */
const PATIENCE_MS = 30_000;
/** The page has drawn itself and moves no more. */
const REST_MS = 700;
/** Between two keys, as a quick hand has it: dialogs take the focus when they open. */
const HAND_MS = 350;

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

/** Steps and pictures of the document, in order. */
function read(document) {
  const found = [];
  for (const [at, line] of document.split("\n").entries()) {
    const picture = /^\s*!\[[^\]]*\]\(images\/(walk-[^)]+\.png)\)/.exec(line);
    if (picture) found.push({ line: at + 1, kind: "picture", text: picture[1] });
    if (!/^\s*\d+\. /.test(line)) continue;
    for (const [, key, typed, label, seen] of line.matchAll(
      /<kbd>([^<]+)<\/kbd>|`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*/g,
    )) {
      if (key) found.push({ line: at + 1, kind: "key", text: key });
      else if (typed) found.push({ line: at + 1, kind: "type", text: typed });
      else if (label) found.push({ line: at + 1, kind: "click", text: label });
      else found.push({ line: at + 1, kind: "see", text: seen });
    }
  }
  return found;
}

const KEYS = { Ctrl: "Control", Esc: "Escape" };
const keyOf = (text) =>
  text
    .split("+")
    .map((part) => KEYS[part] ?? (part.length === 1 ? part.toLowerCase() : part))
    .join("+");

/** What can be clicked under that name: the topmost dialog first, since it covers the rest. */
async function click(page, name) {
  // A button says its key too: before its name in lists, behind it elsewhere.
  const exact = new RegExp(
    `^\\s*(\\S{1,2}\\s+)?${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(\\s.*)?$`,
    "s",
  );
  const within = (root) => [
    root.getByRole("button", { name: exact }),
    root.getByRole("link", { name: exact }),
    root.getByRole("combobox", { name: exact }),
    root.getByLabel(exact),
    root.locator("label").filter({ hasText: exact }),
    root.locator(".ant-select-item-option").filter({ hasText: exact }),
  ];
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const dialog = page.locator(".ant-modal:visible").last();
    for (const root of (await dialog.count()) > 0
      ? [page.locator("body"), dialog].reverse()
      : [page.locator("body")]) {
      for (const target of within(root)) {
        const first = target.locator("visible=true").first();
        if ((await first.count()) === 0) continue;
        await first.click({ timeout: 5_000 });
        return;
      }
    }
    await page.waitForTimeout(200);
  }
  throw new Error(`nothing to click is called ${name}`);
}

async function follow(page, step) {
  switch (step.kind) {
    case "key":
      await page.keyboard.press(keyOf(step.text));
      await page.waitForTimeout(HAND_MS);
      return;
    case "type":
      await page.keyboard.type(step.text);
      await page.waitForTimeout(HAND_MS);
      return;
    case "click":
      await click(page, step.text);
      await page.waitForTimeout(HAND_MS);
      return;
    case "see":
      await page
        .locator("body")
        .getByText(step.text)
        .locator("visible=true")
        .first()
        .waitFor({ timeout: PATIENCE_MS });
      return;
    default:
      if (!shots) return;
      // What passed through the middle of the screen is not part of the picture.
      await page
        .locator(".ant-message-notice")
        .first()
        .waitFor({ state: "detached", timeout: 10_000 })
        .catch(() => {});
      await page.waitForTimeout(REST_MS);
      await page.screenshot({ path: `${shots}/${step.text}` });
  }
}

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
let step;
let page;
try {
  const steps = read(await readFile(path, "utf8"));
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: language === "en" ? "en-GB" : "zh-CN",
  });
  await context.addInitScript((chosen) => localStorage.setItem("sharpeyes.language", chosen), language);
  page = await context.newPage();
  const trouble = troubleOf(page);
  await page.goto(url);
  await page.waitForSelector("form");
  let done = 0;
  for (step of steps) {
    await follow(page, step);
    if (step.kind !== "picture") done += 1;
  }
  say("result", { steps: done, pictures: steps.length - done, trouble });
} catch (error) {
  const where = step ? `${basename(path)}:${step.line}: ${step.kind} ${step.text}: ` : "";
  if (shots && page) await page.screenshot({ path: `${shots}/walk-stuck.png` }).catch(() => {});
  say("failed", { reason: `${where}${String(error?.stack ?? error)}` });
  process.exitCode = 1;
} finally {
  await browser.close();
}
