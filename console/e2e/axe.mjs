/**
 * axe-core over every screen and dialog, in both languages and both sizes, in a real Chromium.
 *
 * Driven by tests/tests/accessibility.rs. Talks in JSON lines on stdout: `role` when all screens of one are looked
 * at, `result` with every fault of serious or critical impact; exits 1 with the reason. Environment: E2E_URL,
 * E2E_ACCOUNTS (lines of name and password), E2E_QUIET_MS, E2E_CHROMIUM. By hand, against `make demo`:
 *
 *   E2E_URL=http://127.0.0.1:8460 E2E_ACCOUNTS="$(cat ../demo-data/accounts.txt)" node e2e/axe.mjs
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { LANGUAGES, open, SIZES, screensOf } from "./screens.mjs";

const { E2E_URL: url } = process.env;
const accounts = process.env.E2E_ACCOUNTS.trim()
  .split("\n")
  .map((line) => line.split(" "))
  .map(([name, password]) => ({ name, password }));
const quiet_ms = Number(process.env.E2E_QUIET_MS ?? 1_500);
/** Keys that open a dialog over the queue, with an incident selected. */
const DIALOGS = ["?", "x", "f", "a", "s", "m", "+", "p"];

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const faults = [];
let looks = 0;

try {
  for (const account of [null, ...accounts]) {
    for (const size of Object.keys(SIZES)) {
      for (const language of LANGUAGES) await lookAt(account, size, language);
    }
    say("role", { name: account?.name ?? "nobody", looks });
  }
  say("result", { looks, faults });
} catch (error) {
  say("failed", { reason: String(error?.stack ?? error) });
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function lookAt(account, size, language) {
  const context = await open(browser, url, size, language, account);
  const page = await context.newPage();
  const where = (name) => `${account?.name ?? "nobody"} ${name} ${size} ${language}`;
  if (!account) {
    await page.goto("/");
    await page.waitForSelector("form");
    await audit(page, where("sign-in"));
  } else {
    for (const { name, path } of await screensOf(page, quiet_ms)) {
      await page.goto(path);
      await page.waitForTimeout(quiet_ms);
      await audit(page, where(name));
      if (name === "queue" && size === "wide") await dialogs(page, where);
      // A unit's form opens from its bar.
      const feedback = page.locator(".work-bar .work-main").first();
      if (name === "incident" && (await feedback.count()) > 0) await audit(page, where("work"));
    }
  }
  await context.close();
}

async function dialogs(page, where) {
  for (const key of DIALOGS) {
    await page.keyboard.press("j");
    await page.keyboard.press(key);
    const isOpen = await page
      .waitForSelector(".ant-modal", { state: "visible", timeout: 2_000 })
      .catch(() => null);
    if (!isOpen) continue;
    await page.waitForTimeout(300);
    await audit(page, where(`queue+${key}`));
    await page.keyboard.press("Escape");
    await page.waitForTimeout(300);
  }
}

async function audit(page, where) {
  // Evaluated by the debugger, not loaded by the page: its policy lets in no foreign script.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((one) => one.impact === "serious" || one.impact === "critical")
      .map((one) => ({
        rule: one.id,
        impact: one.impact,
        nodes: one.nodes.slice(0, 5).map((node) => `${node.target.join(" ")} — ${node.failureSummary}`),
      }));
  });
  looks += 1;
  for (const fault of found) faults.push({ where, ...fault });
}
