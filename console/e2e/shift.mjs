/**
 * A shift at the keyboard, in a real Chromium: an operator signs in and triages what comes, without a mouse. What each
 * incident is they read from its row, as a person does; what becomes of it is up to the gateway, which is asked at the end.
 *
 * Driven by tests/tests/shift.rs, which fills the queue. Talks in JSON lines on stdout: `half` when half of them are
 * settled and further ones may come, `result` with what was done to which, by how many keys and in what time; exits 1
 * with the reason. Environment: E2E_URL, E2E_NAME, E2E_PASSWORD, E2E_ITEMS (how many), E2E_CHROMIUM.
 */
import { chromium } from "playwright-core";
import { troubleOf } from "./trouble.mjs";

const { E2E_URL: url, E2E_NAME: name, E2E_PASSWORD: password } = process.env;
const items = Number(process.env.E2E_ITEMS);
/** Until the page shows what a key did. */
const SHOWN_MS = 60_000;
/** A selection that has not moved by then was at its last row. */
const MOVED_MS = 3_000;
/** So often in vain, and the operator is lost. */
const LOST = 5;

/** What an operator thinks of what they read, and the keys for it. */
const JUDGEMENTS = [
  { words: /旗帜|树影|雨滴/, did: "false_alarm", keys: ["f", "f"] },
  { words: /广场|水边|积水|打架|走失|漏电/, did: "dispatch", keys: ["a", "Enter"] },
  { words: /垃圾|路灯|噪声/, did: "handled", keys: ["x", "1"] },
  { words: /咨询/, did: "no_action", keys: ["x", "3"] },
];

/** The operator's first saved view: what nobody has dealt with. */
const VIEW = "1";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "zh-CN" });
  const page = await context.newPage();
  // 409: a version that moved under the operator's hand.
  const trouble = troubleOf(page, { refusals: [409] });
  await signIn(page);
  const done = await work(page);
  say("result", { done, trouble });
} catch (error) {
  say("failed", { reason: String(error?.stack ?? error) });
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function signIn(page) {
  await page.goto(url);
  await page.waitForFunction(() => document.activeElement?.id === "name");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=listbox] [data-id]");
  // Every operator has a view of what nobody has dealt with; this one made it before the shift.
  await page.evaluate(async () => {
    const body = JSON.stringify({ name: "待处理", filter: { stage: "new,claimed" } });
    const headers = { "content-type": "application/json", "x-sharpeyes": "1" };
    const saved = await fetch("/api/v1/views", { method: "POST", headers, body });
    if (!saved.ok) throw new Error(await saved.text());
  });
  await page.reload();
  await page.waitForSelector('[data-view="1"]');
  await page.waitForSelector("[role=listbox] [data-id]");
  await page.keyboard.press(VIEW);
}

/** Until as many are settled as there are. */
async function work(page) {
  const done = [];
  let keys = 0;
  const press = async (key) => {
    keys += 1;
    await page.keyboard.press(key);
  };
  let began = performance.now();
  let lost = 0;
  while (done.length < items) {
    const row = await selected(page);
    if (!row || done.some((one) => one.id === row.id)) {
      await onwards(page, row, press);
      lost += 1;
      if (lost > LOST) throw new Error(`${done.length} done, and then: ${await sight(page)}`);
      continue;
    }
    lost = 0;
    const judgement = JUDGEMENTS.find(({ words }) => words.test(row.text));
    if (!judgement) throw new Error(`nobody knows what to do about: ${row.text}`);
    const [ask, confirm] = judgement.keys;
    await press(ask);
    await asked(page, judgement.did);
    await press(confirm);
    await settled(page, row.id, judgement.did);
    done.push({ id: row.id, did: judgement.did, keys, ms: Math.round(performance.now() - began) });
    keys = 0;
    began = performance.now();
    if (done.length === items / 2) say("half");
  }
  return done;
}

/** To the next row; after the last one the view of what nobody has dealt with is chosen anew, with what has come meanwhile. */
async function onwards(page, row, press) {
  await press("j");
  const isNext = await page
    .waitForFunction(
      (before) => {
        const now = document.querySelector("[role=option][aria-selected=true]")?.dataset.id;
        return now !== undefined && now !== before;
      },
      row && String(row.id),
      { timeout: MOVED_MS },
    )
    .catch(() => null);
  if (isNext) return;
  await press(VIEW);
  await page.waitForTimeout(500);
}

/** What is on the page, for whoever reads why it failed. */
async function sight(page) {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: `${process.env.E2E_SHOTS}/shift-lost.png` });
  return page.evaluate(() => `${location.search} ${document.querySelector(".queue")?.textContent}`);
}

async function selected(page) {
  return page.evaluate(() => {
    const row = document.querySelector("[role=option][aria-selected=true]");
    return row ? { id: Number(row.dataset.id), text: row.textContent } : null;
  });
}

/** A dialog that takes keys: what is typed before it is there would be lost. */
async function asked(page, did) {
  await page.waitForSelector(".ant-modal", { state: "visible", timeout: SHOWN_MS });
  if (did !== "dispatch") return;
  await page.waitForFunction(() => document.activeElement?.dataset.act === "assess-dispatch", null, {
    timeout: SHOWN_MS,
  });
}

async function settled(page, id, did) {
  const state = did === "dispatch" ? "dispatched" : "closed";
  await page.waitForFunction(
    ([id, state]) => {
      const row = document.querySelector(`[role=option][data-id="${id}"]`);
      const isOver = row === null || row.dataset.state === state;
      return isOver && document.querySelector(".ant-modal-wrap:not([style*='display: none'])") === null;
    },
    [id, state],
    { timeout: SHOWN_MS },
  );
}
