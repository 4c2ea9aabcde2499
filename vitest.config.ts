/** @file How the tests run: in the quick tier, or with `FUSE_TEST=full` at all sizes (`test/support/tier.ts`). */
import { defineConfig } from "vitest/config";
import { closingLine } from "./test/support/closing-line.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    // The native backend is an addon, which can be loaded only once per process.
    pool: "forks",
    maxWorkers: 2,
    // Test files share their process and its modules: Fuse has no module state, and loading it anew for every file took a
    // third of the time.
    isolate: false,
    // Generous, because a busy machine may be ten times slower. They only end tests that hang.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["default", closingLine],
  },
});
