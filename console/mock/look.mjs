/** Pictures of every page in both languages and two sizes, against the mock and the built console: `npm run look -- DIR`. */
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { startMock } from "./server.mjs";

const dir = process.argv[2];
if (!dir) throw new Error("usage: npm run look -- DIR");
mkdirSync(dir, { recursive: true });
const only = process.argv[3];

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const mock = await startMock({ port: 0 });
const complaints = [];

async function signIn(page, name) {
  await page.locator("input").first().fill(name);
  await page.locator("input[type=password]").fill("demo");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".header");
}

async function withPage(size, language, run) {
  const context = await browser.newContext({ viewport: SIZES[size], baseURL: mock.url });
  await context.addInitScript((l) => localStorage.setItem("sharpeyes.language", l), language);
  const page = await context.newPage();
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type())) complaints.push(`${m.type()}: ${m.text().slice(0, 300)}`);
  });
  page.on("pageerror", (e) => complaints.push(`page error: ${e.message}`));
  const shot = async (name) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) complaints.push(`${name} ${size} ${language}: ${wide} px too wide`);
    await page.screenshot({ path: `${dir}/${name}-${size}-${language}.png` });
  };
  await run(page, shot);
  await context.close();
}

const setLanguage = (page, language) =>
  page.evaluate(
    (l) => fetch("/api/v1/session", { method: "PATCH", body: JSON.stringify({ language: l }) }),
    language,
  );

const pages = {
  signin: async (page, shot, language) => {
    await page.goto("/");
    await page.waitForSelector("form");
    await shot("signin");
    await page.locator("input").first().fill("operator");
    await page.locator("input[type=password]").fill("wrong");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".ant-alert");
    await shot("signin-refused");
    void language;
  },
  queue: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "operator");
    await setLanguage(page, language);
    await page.reload();
    await page.waitForSelector(".row");
    await page.waitForTimeout(500);
    await shot("queue");
    for (const which of ["blind", "deaf"]) {
      await page.locator(`.beside-${which}`).click();
      await page.waitForTimeout(200);
      await shot(`queue-${which}`);
    }
    await page.locator(".beside-deaf").click();
    await page.locator('.row[data-state="new"]').nth(1).click();
    await page.waitForTimeout(300);
    await page.evaluate(() => fetch("/mock/emit?level=3"));
    await page.evaluate(() => fetch("/mock/emit?level=1&camera=dam"));
    await page.waitForTimeout(400);
    await shot("queue-selected");
    await page.keyboard.press("x");
    await page.waitForSelector(".reasons");
    await shot("queue-close");
    await page.keyboard.press("Escape");
    await page.waitForTimeout(300);
    await page.keyboard.press("?");
    await page.waitForSelector(".help");
    await shot("queue-help");
    await page.keyboard.press("Escape");
    await page.goto("/queue?tab=closed");
    await page.waitForSelector(".row");
    await shot("queue-closed");
  },
  incident: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "operator");
    await setLanguage(page, language);
    await page.goto("/incidents/1041");
    await page.waitForFunction(() => document.querySelector("video")?.currentTime > 8);
    await shot("incident");
    await page.goto("/incidents/1050");
    await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2);
    await page.keyboard.press(" ");
    await page.keyboard.press("b");
    await page.waitForTimeout(500);
    await shot("incident-closed");
    await page.goto("/incidents/99");
    await page.waitForSelector(".ant-result");
    await shot("incident-missing");
  },
  live: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "operator");
    await setLanguage(page, language);
    await page.goto("/cameras");
    await page.waitForSelector(".camera");
    await shot("live-none");
    await page.goto("/cameras/market-square");
    await page.waitForSelector("video[data-live=playing]");
    await page.waitForTimeout(1500);
    await shot("live");
    await page.goto("/cameras/west-school");
    await page.waitForSelector(".veil");
    await page.waitForTimeout(300);
    await shot("live-unsupported");
  },
  timeline: async (page, shot, language) => {
    const hours = 3_600_000;
    const nine =
      "market-gate,market-square,dam,east-bridge,market-south,west-school,west-well,east-hall,west-road";
    await page.goto("/");
    await signIn(page, "operator");
    await setLanguage(page, language);
    await page.goto("/timeline");
    await page.waitForSelector(".strip-name");
    await shot("timeline-none");
    await page.goto(`/timeline?cameras=market-gate,dam&at=${Date.now() - 25 * 60_000}&span=${hours}`);
    await page.waitForSelector('.pane[data-camera="market-gate"][data-state="shown"]');
    await page.keyboard.press(" ");
    await page.waitForTimeout(2_000);
    await shot("timeline-two");
    await page.goto(`/timeline?cameras=${nine}&at=${Date.now() - 20 * 60_000}&span=${24 * hours}`);
    await page.waitForSelector('.pane[data-state="quota"]');
    await page.waitForTimeout(3_000);
    await shot("timeline-nine");
    await page.keyboard.press("c");
    await page.waitForSelector(".picker-area");
    await page.waitForTimeout(500);
    await shot("timeline-cameras");
    await page.goto(`/timeline?cameras=market-gate&at=${Date.now() - 480 * hours}`);
    await page.waitForSelector('.pane[data-state="purpose"]');
    await page.locator(".pane-veil button").first().click();
    await page.waitForSelector("#case");
    await shot("timeline-purpose");
    await page.keyboard.press("Escape");
    await page.locator(".anticon-folder-open").click();
    await page.waitForSelector(".hold");
    await page.waitForTimeout(500);
    await shot("timeline-holds");
  },
  reports: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "operator");
    await setLanguage(page, language);
    await page.goto("/reports");
    await page.waitForSelector(".figure");
    await page.locator(".report-choice .ant-segmented-item").nth(1).click();
    await page.waitForSelector(".report-charts svg");
    await page.locator(".report-make button").click();
    await page.waitForSelector(".report-row");
    await page.waitForTimeout(400);
    await shot("reports");
    await page.locator(".report-charts").scrollIntoViewIfNeeded();
    await page.locator(".report-charts > section").nth(1).scrollIntoViewIfNeeded();
    await shot("reports-charts");
    await page.locator(".report-table").nth(1).scrollIntoViewIfNeeded();
    await shot("reports-tables");
    await page.locator(".report-made").scrollIntoViewIfNeeded();
    await shot("reports-made");
  },
  handover: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "operator");
    await setLanguage(page, language);
    await page.goto("/handover");
    await page.waitForSelector(".handover-past li");
    await page.locator(".handover-past-head").scrollIntoViewIfNeeded();
    await shot("handover-past");
    await page.locator(".handover-past > button").click();
    await page.waitForFunction(() => document.querySelectorAll(".handover-past li").length > 40);
    await page.locator(".handover-past li").last().scrollIntoViewIfNeeded();
    await shot("handover-older");
    await page.locator(".handover-past-head input").first().fill("2020-01-01");
    await page.keyboard.press("Enter");
    await page.locator(".handover-past-head input").last().fill("2020-01-02");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".handover-past > p");
    await page.waitForTimeout(400);
    await shot("handover-none");
  },
  tickets: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "technician");
    await setLanguage(page, language);
    await page.goto("/tickets");
    await page.waitForSelector(".ticket");
    await shot("tickets");
    await page.locator(".ticket-acts button").first().click();
    await page.waitForSelector(".ant-modal textarea");
    await page.waitForTimeout(300);
    await shot("tickets-take");
    await page.keyboard.press("Escape");
    await page.waitForTimeout(300);
    await page.locator(".page-head .ant-switch").click();
    await page.waitForSelector('.ticket[data-state="closed"]');
    await shot("tickets-past");
  },
  rules: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "technician");
    await setLanguage(page, language);
    await page.goto("/rules");
    await page.waitForSelector(".verdicts li");
    await shot("rules-verdicts");
    await page.goto("/rules/market-square");
    await page.waitForSelector(".trial-strip .still img");
    await page.waitForTimeout(300);
    await shot("rules");
    await page.locator(".trial-strip").scrollIntoViewIfNeeded();
    await shot("rules-strip");
    await page.locator('.rule[data-rule="crowd"] button').click();
    await page.waitForSelector(".rule-form");
    await page.locator(".rule-form .ant-input-number-input").first().fill("0");
    await page.keyboard.press("Tab");
    await page.locator(".trial-run .ant-btn-primary").click();
    await page.waitForSelector(".rule-problems li");
    await page.locator(".trial-desk").scrollIntoViewIfNeeded();
    await page.waitForTimeout(300);
    await shot("rules-refused");
    await page.locator(".rule-form .ant-input-number-input").first().fill("6");
    await page.keyboard.press("Tab");
    await page.locator(".trial-run .ant-btn-primary").click();
    await page.waitForSelector('.trial-list li[data-state="running"]');
    await shot("rules-running");
    await page.waitForSelector('.trial-list li[data-state="done"]:first-child');
  },
  storage: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "technician");
    await setLanguage(page, language);
    await page.goto("/storage");
    await page.waitForSelector(".stored-row");
    await shot("storage");
    await page.goto("/timeline");
    await page.waitForSelector(".strip-name");
    await page.waitForTimeout(500);
    await shot("timeline-technician");
  },
  health: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "technician");
    await setLanguage(page, language);
    await page.goto("/health");
    await page.waitForSelector(".ant-table-row");
    await shot("health");
  },
  accounts: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "administrator");
    await setLanguage(page, language);
    await page.goto("/accounts");
    await page.waitForSelector(".ant-table-row");
    await shot("accounts");
    await page.locator(".page-head .ant-btn-primary").click();
    await page.waitForTimeout(500);
    await shot("accounts-new");
  },
  audit: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "auditor");
    await setLanguage(page, language);
    await page.goto("/audit");
    await page.waitForSelector(".ant-table-row");
    await page.locator(".page-head .ant-btn-primary").click();
    await page.waitForSelector(".ant-alert");
    await shot("audit");
  },
  police: async (page, shot, language) => {
    await page.goto("/");
    await signIn(page, "police");
    await setLanguage(page, language);
    await page.goto("/queue?at=1042");
    await page.waitForSelector(".row");
    await shot("police");
  },
  setup: async (page, shot) => {
    await page.goto("/");
    await page.evaluate(() => fetch("/mock/setup"));
    await page.reload();
    await page.waitForSelector("form");
    await shot("setup");
  },
};

for (const [name, run] of Object.entries(pages)) {
  if (only && only !== name) continue;
  for (const size of Object.keys(SIZES)) {
    for (const language of ["zh", "en"]) {
      await withPage(size, language, (page, shot) => run(page, shot, language)).catch((e) =>
        complaints.push(`${name} ${size} ${language}: ${e.message}`),
      );
    }
  }
}
await browser.close();
mock.stop();
console.log([...new Set(complaints)].join("\n") || "no complaints");
process.exit(0);
