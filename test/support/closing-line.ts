/** @file A reporter that ends a run with one plain line, `12 passed, 0 failed`, for programs that read the output. */
import type { Reporter } from "vitest/node";
import { tier } from "./tier.ts";

/** The part of vitest's `TestModule` that the reporter needs. */
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
 * Counts tests. A failure outside a test (a file that does not load, a hook, an unawaited promise) counts as one failed
 * test, so a failed run never says `0 failed`.
 */
export function count(modules: readonly CountedModule[], unhandled: number): Counts {
  const counts = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    const before = counts.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that is still pending at the end of the run was cut off.
      counts[state === "pending" ? "failed" : state]++;
    }
    if (module.state() === "failed" && counts.failed === before) counts.failed++;
  }
  return counts;
}

export const closingLine: Reporter = {
  onTestRunEnd(modules, unhandled) {
    const { passed, failed, skipped } = count(modules, unhandled.length);
    // On a separate line, because readers of the closing line need not know about tiers.
    console.log(
      tier === "full"
        ? "full tier: all sizes and random inputs"
        : "quick tier: every test, at a few sizes; FUSE_TEST=full npm test runs them at all sizes",
    );
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    // A run without tests has shown nothing.
    if (failed > 0 || passed === 0) process.exitCode = 1;
  },
};
