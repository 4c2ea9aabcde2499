/** @file Timing for benchmarks: alternating calls in one process, medians of several rounds. Ratios matter most. */

/** Returns the median of a list of numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Returns the quantile of a list of numbers. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)];
}

/** Returns how many milliseconds a call takes, and how many all cores of the process compute. It may be asynchronous. */
async function time(run) {
  const busy = process.cpuUsage();
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(busy);
  return { ms, cpu: (user + system) / 1000 };
}

/**
 * Returns each call's median time in milliseconds, the median of its ratios to the last call of the same round, and its times
 * with those of all cores, round by round. Every round runs each call once, so a noisy second affects all of them; every
 * second round runs them backwards, so none always follows the same other. `settle` is awaited before each call, untimed, to
 * keep the previous call's threads and caches from affecting it.
 */
export async function alternate(calls, { rounds, warmUp = 5, settle = () => undefined }) {
  const names = Object.keys(calls);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await settle(name);
      const took = await time(calls[name]);
      if (round >= 0) times[name].push(took);
    }
  }
  const last = times[names.at(-1)];
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ms: median(times[name].map(({ ms }) => ms)),
        ratio: median(times[name].map(({ ms }, round) => ms / last[round].ms)),
        times: times[name],
      },
    ]),
  );
}

export const format = (number, digits = 2) => number.toFixed(digits);
