/**
 * What goes wrong in a page from now on, in `into`: the errors of its scripts, and what Chromium logs as an error.
 *
 * Chromium logs every refusal so. A 401 is let through always, because the first look at /session is one by design;
 * `refusals` are the other statuses that are made on purpose, `"409 /actions"` those of addresses that end so.
 * `isCut`: connections are lost on purpose, too.
 */
export function troubleOf(page, { refusals = [], isCut = false, into = [] } = {}) {
  const meant = [{ status: "401", ending: "" }];
  for (const refusal of refusals) {
    const [status, ending = ""] = String(refusal).split(" ");
    meant.push({ status, ending });
  }
  const isMeant = (message) => {
    if (isCut && message.text().includes("net::ERR_")) return true;
    const status = /status of (\d{3})\b/.exec(message.text())?.[1];
    return meant.some((one) => one.status === status && message.location().url.endsWith(one.ending));
  };
  page.on("pageerror", (error) => into.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !isMeant(message)) into.push(message.text());
  });
  return into;
}
