/** @file The costs of a machine: what the work of a plan takes there. Profiles ship them, `fuse calibrate` measures them. */

/** Picoseconds, as integers: costs of symbolic sizes are exact polynomials. */
export interface Costs {
  /** For a multiply-accumulate. */
  readonly macs: number;
  /** For a byte that a step reads or writes. */
  readonly bytes: number;
  /** For a row that a concatenation copies: elements that are next to each other in an operand and in the result. */
  readonly rows: number;
  /** For a byte that a resize writes, in addition to `bytes`. */
  readonly resized: number;
  /** For a step, however little it does. */
  readonly step: number;
}

/** What each cost is for, in words. */
export const costNames = {
  macs: "multiply-accumulate",
  bytes: "byte read or written",
  rows: "row of a concatenation",
  resized: "byte that a resize writes",
  step: "step",
} as const satisfies Readonly<Record<keyof Costs, string>>;

/** A second, more than any step takes. */
const maxCost = 1e12;

/** Returns costs from data that may be anything, or a sentence about the first mistake. */
export function costsFrom(data: unknown): Costs | string {
  const names = Object.keys(costNames).join(", ");
  if (typeof data !== "object" || data === null || Array.isArray(data)) return `costs must be an object with ${names}`;
  const given = new Map<string, unknown>(Object.entries(data));
  for (const name of given.keys())
    if (!Object.hasOwn(costNames, name)) return `there is no cost ${JSON.stringify(name)}; there are ${names}`;
  for (const name of Object.keys(costNames)) {
    const cost = given.get(name);
    if (cost === undefined) return `the cost ${name} is missing: \`fuse calibrate --out FILE\` writes all of them`;
    if (!Number.isInteger(cost) || (cost as number) < 0 || (cost as number) > maxCost)
      return `the cost ${name} must be a whole number of picoseconds from 0 to ${maxCost}, not ${JSON.stringify(cost)}`;
  }
  const cost = (name: keyof Costs) => given.get(name) as number;
  return {
    macs: cost("macs"),
    bytes: cost("bytes"),
    rows: cost("rows"),
    resized: cost("resized"),
    step: cost("step"),
  };
}
