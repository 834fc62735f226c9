/**
 * The pictures of the README: queue, incident and playback of `make demo` in both languages, into docs/images.
 *
 *   make demo                                     # in one terminal; wait for a crowding and an intrusion
 *   cd console && npm run pictures -- http://127.0.0.1:8460 ../demo-data/accounts.txt ../docs/images
 */
import { mkdir, readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const [url, accounts, out] = process.argv.slice(2);
const WAIT_MS = 150_000;
const account = (await readFile(accounts, "utf8")).split("\n").find((line) => line.startsWith("operator "));
if (!account) throw new Error(`${accounts} has no operator`);
const [name, password] = account.split(" ");
await mkdir(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const context = await browser.newContext({ locale: "zh-CN" });
  const page = await context.newPage();
  await page.goto(url);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=listbox]");
  const chosen = await incidentWith(page, ["crowding", "intrusion"]);
  for (const [size, viewport] of [
    ["", { width: 1440, height: 900 }],
    ["-phone", { width: 390, height: 844 }],
  ]) {
    await page.setViewportSize(viewport);
    for (const language of ["zh", "en"]) {
      await page.evaluate((language) => localStorage.setItem("sharpeyes.language", language), language);
      for (const [label, path] of [
        ["queue", "/queue"],
        ["incident", `/incidents/${chosen}`],
        ["timeline", await timelineBefore(page)],
      ]) {
        await page.goto(`${url}${path}`);
        await page.waitForTimeout(label === "queue" ? 3_000 : 9_000);
        await page.screenshot({ path: `${out}/${label}-${language}${size}.jpg`, type: "jpeg", quality: 82 });
      }
    }
  }
} finally {
  await browser.close();
}

/** Every camera, half a minute ago. */
async function timelineBefore(page) {
  const cameras = await page.evaluate(async () =>
    (await (await fetch("/api/v1/cameras")).json()).map((c) => c.id),
  );
  return `/timeline?cameras=${cameras.join(",")}&at=${Date.now() - 30_000}&span=600000`;
}

/** Waits until the queue has incidents of all these classes, and gives one of the first class that can be played. */
async function incidentWith(page, classes) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const items = await page.evaluate(async () => {
      const { incidents } = await (await fetch("/api/v1/incidents")).json();
      return Promise.all(
        incidents.map(async (incident) => {
          const clip = await fetch(`/api/v1/incidents/${incident.id}/clip`);
          const isPlayable = clip.ok && MediaSource.isTypeSupported((await clip.json()).mime);
          return { id: incident.id, class: incident.class, isPlayable };
        }),
      );
    });
    const found = classes.map((wanted) => items.find((item) => item.class === wanted && item.isPlayable));
    if (found.every(Boolean)) return found[0].id;
    if (Date.now() > deadline) throw new Error(`no incident of ${classes.join(" and ")} in time`);
    await page.waitForTimeout(1_000);
  }
}
