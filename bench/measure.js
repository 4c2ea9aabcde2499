/** @file How benchmarks measure: in one process, alternating, median of several; ratios are what counts. */

/** The median of a list of numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds that a call takes; it may be asynchronous. */
async function time(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/**
 * Medians in milliseconds of calls by name, and the median of the ratios of each call to the last one of the same round.
 * Every round runs each call once, so that a noisy second hits all of them. `settle` is awaited before each call, untimed: what
 * ran before, on other threads and in the caches, should not be paid for by the next one.
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
