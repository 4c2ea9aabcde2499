/** @file The two tiers. Both run every test; `FUSE_TEST=full` gives each more sizes, more random inputs and more time. */

type Tier = "quick" | "full";

function tierNamed(name: string): Tier {
  if (name === "quick" || name === "full") return name;
  throw new Error(`FUSE_TEST is quick or full, not ${name}`);
}

export const tier = tierNamed(process.env["FUSE_TEST"] ?? "quick");

/** Returns the value for the current tier. */
export const byTier = <T>(values: Readonly<Record<Tier, T>>): T => values[tier];
