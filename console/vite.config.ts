import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the API: the mock by default, a real gateway with SHARPEYES_API. */
const api = process.env.SHARPEYES_API ?? "http://127.0.0.1:8461";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // Inline data URLs would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { "/api": { target: api, ws: true, changeOrigin: false } } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
