/** @file For which costs the optimizer is tried: those of the targets, and some at which it changes much more. */
import { esmProfile } from "../../../src/codegen/esm/profile.ts";
import { targetNames, targets } from "../../../src/codegen/targets.ts";
import { backendNames } from "../../../src/contract/backends.ts";
import type { Costs } from "../../../src/plan/costs.ts";
import type { Profile } from "../../../src/plan/profile.ts";
import type { Chance } from "../programs/chance.ts";

/** Every profile that programs are built for. */
export const profiles: readonly Profile[] = [
  ...targetNames.map((name) => targets[name].profile),
  ...backendNames.map((backend) => esmProfile(backend)),
];

const nothing: Costs = { macs: 0, bytes: 0, rows: 0, resized: 0, step: 0 };
const one: readonly Costs[] = [
  { ...nothing, macs: 1000 },
  { ...nothing, bytes: 1000 },
  { ...nothing, step: 1000, macs: 10 },
  { ...nothing, resized: 1000, bytes: 100 },
  { ...nothing, macs: 1000, rows: 10 },
];

/** A profile with its own costs, with costs of one thing only, or with random costs. */
export function profileOf(chance: Chance): Profile {
  const profile = chance.pick(profiles);
  const kind = chance.random();
  if (kind < 0.1) return profile;
  if (kind < 0.7) return { ...profile, costs: chance.pick(one) };
  const cost = () => Math.floor(10 ** (4 * chance.random()));
  return { ...profile, costs: { macs: cost(), bytes: cost(), rows: cost(), resized: cost(), step: cost() } };
}
