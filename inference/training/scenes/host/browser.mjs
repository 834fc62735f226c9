/**
 * A headless Chromium with this folder served to it from a loopback port.
 */
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const TYPES = { ".html": "text/html", ".js": "text/javascript" };
/**
 * Software rendering, so that a machine without a GPU gets the same pictures: Mesa's renderer where it is installed
 * (twice as fast), else the browser's own (SCENES_GL=swiftshader). The two differ by single pixels at edges.
 */
const RENDERERS = {
  mesa: { flags: ["--use-angle=gl-egl"], env: { EGL_PLATFORM: "surfaceless", LIBGL_ALWAYS_SOFTWARE: "1" } },
  swiftshader: { flags: ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"], env: {} },
};
const FLAGS = [
  "--no-sandbox",
  "--use-gl=angle",
  "--ignore-gpu-blocklist",
  "--disable-gpu-vsync",
  "--disable-frame-rate-limit",
];

/** What is rendered with unless asked otherwise: a name of `RENDERERS`. */
export const RENDERER = process.env.SCENES_GL ?? "mesa";

/**
 * @param receive `(path, meta, bytes) => void | Promise`, called with everything the page posts
 * @param renderer a name of `RENDERERS`
 * @returns `{page, close(), kill()}`; the page has `window.scenes`; `kill` is for a renderer that hangs
 */
export async function openPage(receive, renderer = RENDERER) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST") take(request, response, pathname, receive);
    else serve(response, pathname);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { flags, env } = RENDERERS[renderer];
  const started = await chromium.launchServer({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...flags],
    env: { ...process.env, ...env },
  });
  const browser = await chromium.connect(started.wsEndpoint());
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on("console", (message) => process.stderr.write(`page: ${message.text()}\n`));
  page.on("pageerror", (error) => process.stderr.write(`page: ${error.stack}\n`));
  await page.goto(`http://127.0.0.1:${server.address().port}/page.html`);
  await page.waitForFunction(() => window.scenesReady === true, undefined, { timeout: 60_000 });
  return {
    page,
    async close() {
      await browser.close();
      await started.close();
      server.close();
    },
    async kill() {
      await started.kill();
      server.closeAllConnections();
      server.close();
    },
  };
}

function take(request, response, path, receive) {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    try {
      await receive(path, JSON.parse(request.headers["x-meta"] ?? "{}"), Buffer.concat(chunks));
      response.writeHead(204).end();
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
}

function serve(response, pathname) {
  const file = join(ROOT, normalize(pathname));
  if (!file.startsWith(ROOT) || !TYPES[extname(file)] || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": TYPES[extname(file)], "cache-control": "no-store" });
  createReadStream(file).pipe(response);
}
