/** @file Formats and parses numbers for people. */

/** `1,234,567`. The first `toLocaleString` of a process would take longer than formatting all the numbers of a summary. */
export function countText(count: number | bigint): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `1 tensor`, `3 tensors` */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `37 %`, with a digit after the point below 1 % and above 99 %: only all is `100 %`. */
export function percentText(part: number): string {
  const percent = Math.abs(part) * 100;
  const isNearEnd = (percent > 0 && percent < 1) || (percent > 99 && percent < 100);
  return `${isNearEnd ? Math.min(99.9, Number(percent.toFixed(1))) : Math.round(percent)} %`;
}

/** `-37 %`, `+6 %` */
export function signedPercentText(part: number): string {
  return `${part < 0 ? "-" : "+"}${percentText(part)}`;
}

/** `12.3 ms`, with three digits */
export function timeText(milliseconds: number): string {
  return `${digitsText(milliseconds)} ms`;
}

/** `12.3 ms` for picoseconds, in which costs are predicted */
export const predictedText = (picoseconds: number): string => timeText(picoseconds / 1e9);

/** Three digits, or all before the point. */
export function digitsText(value: number): string {
  return value < 100 ? value.toPrecision(3) : String(Math.round(value));
}

/** `37 %`, or `under 0.1 %` for a part that is not nothing */
export function savingText(part: number): string {
  return part > 0 && part < 0.0005 ? "under 0.1 %" : percentText(part);
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Reads `2GiB`, `500 MB` or `1000`; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** `0.0123`, `1e-7`, `NaN`: at most `digits` digits. */
export function numberText(value: number, digits = 4): string {
  return String(Number(value.toPrecision(digits)));
}
