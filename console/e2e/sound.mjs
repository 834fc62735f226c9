/**
 * Every clip of a folder in a real Chromium: do its pictures run, and is its sound decoded?
 *
 * Driven by tests/tests/audio.rs, which makes the clips. One JSON line on stdout for each. Environment: E2E_CHROMIUM.
 */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { chromium } from "playwright-core";

const folder = process.argv[2];
const PLAY_MS = 20_000;

const server = http.createServer((request, response) => {
  const name = path.basename(request.url ?? "");
  if (!name.endsWith(".mp4")) {
    response.setHeader("content-type", "text/html");
    response.end("<video></video>");
    return;
  }
  const bytes = fs.readFileSync(path.join(folder, name));
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
  const from = range ? Number(range[1]) : 0;
  const to = range?.[2] ? Number(range[2]) : bytes.length - 1;
  const headers = { "content-type": "video/mp4", "accept-ranges": "bytes", "content-length": to - from + 1 };
  if (range) headers["content-range"] = `bytes ${from}-${to}/${bytes.length}`;
  response.writeHead(range ? 206 : 200, headers);
  response.end(bytes.subarray(from, to + 1));
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

const browser = await chromium.launch({
  executablePath: process.env.E2E_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  for (const name of fs.readdirSync(folder).sort()) {
    const seen = await page.evaluate(
      async ([name, limit]) => {
        const video = document.querySelector("video");
        video.src = `/${name}`;
        const late = new Promise((resolve) => setTimeout(resolve, limit, "late"));
        const played = video.play().then(
          () => "playing",
          (error) => String(error),
        );
        const state = await Promise.race([played, late]);
        await new Promise((resolve) => setTimeout(resolve, 2000));
        return {
          name,
          state,
          width: video.videoWidth,
          pictures: video.getVideoPlaybackQuality().totalVideoFrames,
          soundBytes: video.webkitAudioDecodedByteCount,
        };
      },
      [name, PLAY_MS],
    );
    process.stdout.write(`${JSON.stringify(seen)}\n`);
  }
} finally {
  await browser.close();
  server.close();
}
