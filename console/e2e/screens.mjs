/**
 * Every screen of the console by role: what its own navigation offers, and what lies behind it. Who takes pictures or
 * looks for faults asks here, so that a new screen is in both as soon as it is in the navigation.
 */

export const SIZES = {
  wide: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
export const LANGUAGES = ["zh", "en"];

/** A browser context of somebody, and of nobody without a name. */
export async function open(browser, url, size, language, account) {
  const context = await browser.newContext({
    ...SIZES[size],
    deviceScaleFactor: 1,
    baseURL: url,
    locale: language === "zh" ? "zh-CN" : "en-GB",
    timezoneId: "Asia/Shanghai",
  });
  await context.addInitScript((language) => localStorage.setItem("sharpeyes.language", language), language);
  if (!account) return context;
  const answer = await context.request.post("/api/v1/session", {
    headers: { "x-sharpeyes": "1" },
    data: account,
  });
  if (!answer.ok()) throw new Error(`${account.name}: ${await answer.text()}`);
  return context;
}

/** Name and path of every screen of whoever is signed in. `quiet_ms`: until nothing of a screen moves any more. */
export async function screensOf(page, quiet_ms) {
  await page.goto("/");
  await page.waitForSelector("nav a");
  await page.waitForTimeout(quiet_ms);
  const links = await page.$$eval("nav a[href^='/']", (all) => all.map((a) => a.getAttribute("href")));
  const found = [...new Set(links)].map((path) => ({ name: path.slice(1), path }));
  const more = await page.evaluate(async () => {
    const list = await fetch("/api/v1/incidents?limit=50").then((r) => (r.ok ? r.json() : { incidents: [] }));
    const cameras = await fetch("/api/v1/cameras").then((r) => (r.ok ? r.json() : []));
    return { incidents: list.incidents, camera: cameras[0]?.id, cameras: cameras.map((c) => c.id) };
  });
  // One that a camera has seen, with its picture, says more than a report; one of each is better still.
  const seen = more.incidents.find((one) => one.thumbnail);
  const told = more.incidents.find((one) => one.camera === undefined);
  if (seen) found.push({ name: "incident", path: `/incidents/${seen.id}` });
  if (told) found.push({ name: seen ? "incident-report" : "incident", path: `/incidents/${told.id}` });
  // Another window's, and so not in the navigation.
  if (links.includes("/queue")) found.push({ name: "wall", path: "/wall" });
  for (const screen of found) {
    if (screen.path === "/cameras" && more.camera) screen.path = `/cameras/${more.camera}`;
    if (screen.path === "/timeline" && more.cameras.length > 0) {
      const at = Date.now() - 30_000;
      screen.path = `/timeline?cameras=${more.cameras.slice(0, 4).join(",")}&at=${at}&span=600000`;
    }
  }
  return found;
}
