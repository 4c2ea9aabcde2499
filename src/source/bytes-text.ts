/** @file Numbers of bytes as a person reads them. Imports nothing. */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** `512 B`, `1.2 KiB`, `34 MiB`, `628 GiB`: two digits, or all that are before the point. */
export function bytesText(bytes: number | bigint): string {
  let [value, unit] = [Number(bytes), 0];
  while (value >= 1023.5 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 9.95 && unit > 0 ? Number(value.toFixed(1)) : Math.round(value)} ${units[unit]}`;
}
