/** @file A reporter that ends a run with one plain line, `12 passed, 0 failed`, for programs that read the output. */
import type { Reporter } from "vitest/node";
import { tier } from "./tier.ts";

/** What is asked of a file with tests: the part of vitest's `TestModule` that matters here. */
export interface CountedModule {
  state(): string;
  readonly children: {
    allTests(): Iterable<{ result(): { readonly state: "passed" | "failed" | "skipped" | "pending" } }>;
  };
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts tests. What fails without being a test (a file that does not load, a hook, a promise that nobody awaited) counts as one failed,
 * so that a run that failed never says `0 failed`.
 */
export function count(modules: readonly CountedModule[], unhandled: number): Counts {
  const counts = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    const before = counts.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that is still pending when the run ends was cut off.
      counts[state === "pending" ? "failed" : state]++;
    }
    if (module.state() === "failed" && counts.failed === before) counts.failed++;
  }
  return counts;
}

export const closingLine: Reporter = {
  onTestRunEnd(modules, unhandled) {
    const { passed, failed, skipped } = count(modules, unhandled.length);
    // On a line of its own: what reads the closing line need not know of tiers.
    console.log(
      tier === "full"
        ? "full tier: all sizes and random inputs"
        : "quick tier: every test, at few sizes; FUSE_TEST=full npm test runs them at all",
    );
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    // A run without a test has shown nothing.
    if (failed > 0 || passed === 0) process.exitCode = 1;
  },
};
