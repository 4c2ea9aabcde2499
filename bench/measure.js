/** @file Timing for benchmarks: alternating calls in one process, medians of several rounds. Ratios matter most. */

/** Returns the median of a list of numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Returns how many milliseconds a call takes. It may be asynchronous. */
async function time(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * Returns each call's median time in milliseconds, and the median of its ratios to the last call of the same round. Every round
 * runs each call once, so a noisy second affects all of them. `settle` is awaited before each call, untimed, to keep the
 * previous call's threads and caches from affecting it.
 */
export async function alternate(calls, { rounds, warmUp = 5, settle = () => undefined }) {
  const names = Object.keys(calls);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of names) {
      await settle(name);
      const took = await time(calls[name]);
      if (round >= 0) times[name].push(took);
    }
  }
  const last = times[names.at(-1)];
  return Object.fromEntries(
    names.map((name) => [
      name,
      { ms: median(times[name]), ratio: median(times[name].map((took, round) => took / last[round])) },
    ]),
  );
}

export const format = (number, digits = 2) => number.toFixed(digits);
