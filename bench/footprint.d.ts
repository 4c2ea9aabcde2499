/** @file Types for footprint.js, for the tests that use it. */
export const views: readonly string[];
export function footprint(call: () => void): Promise<{ readonly kernels: readonly string[]; readonly bytes: number }>;
