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
