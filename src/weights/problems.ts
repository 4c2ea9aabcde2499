/** @file Explains why the tensors of a file cannot be used as the weights of a model. */
import { shapeOf, type WeightEntry } from "../contract/manifest.ts";
import { printShape, quote } from "./data-error.ts";
import { fits, type ExtraTensor, type WeightProblems } from "./match.ts";

/** Limits for guessing causes, so a malicious file cannot keep us busy. */
const maxName = 1000;
const maxNames = 5000;

/** Returns one line per tensor, grouped, with hints where a cause can be guessed; empty if there are no problems or extra tensors. */
export function formatProblems(problems: WeightProblems): string[] {
  const { missing, misshapen, ambiguous, unusedPrefix, unusedRenames, extra } = problems;
  const guessable = extra.filter(({ name }) => name.length <= maxName).slice(0, maxNames);
  const prefix = commonPrefix(missing, guessable);
  return [
    ...(unusedPrefix === undefined ? [] : [`no tensor has the prefix ${quote(unusedPrefix)}`]),
    ...(prefix === undefined
      ? []
      : [`the file has them under the prefix ${quote(prefix)} (option --weights-prefix, or { prefix } of load)`]),
    ...group("--rename matches no tensor", unusedRenames, quote),
    ...group("missing", missing, (entry) => {
      const near = prefix === undefined ? nearest(entry, guessable) : undefined;
      const hint = near === undefined ? "" : ` (did you mean ${quote(near)}?)`;
      return `${entry.path} ${axesOf(entry)}${placeOf(entry)}${hint}`;
    }),
    ...group("wrong shape", misshapen, ({ entry, name, stored }) => {
      const expected = shapeOf(entry);
      const sorted = (shape: readonly number[]) =>
        shape
          .filter((size) => size !== 1)
          .toSorted((a, b) => a - b)
          .join();
      const hint = sorted(stored) === sorted(expected) ? " (is it transposed?)" : "";
      const from = name === entry.path ? "" : ` from ${quote(name)}`;
      return `${entry.path}${from} is ${printShape(stored)}, expected ${axesOf(entry)}${placeOf(entry)}${hint}`;
    }),
    ...group("ambiguous", ambiguous, ({ path, names }) => `${path} could be ${names.map(quote).join(" or ")}`),
    ...group("unused", extra, ({ name, shape }) => `${quote(name)} ${printShape(shape)}`),
  ];
}

/** What to write in the program so that it uses a tensor, by the last part of its name. */
const uses: readonly (readonly [name: RegExp, use: readonly [text: string, code: string]])[] = [
  [/^(running|moving)_(mean|var|variance)$/, ["to use running statistics", "track_running_stats: true"]],
  [/^((in_proj_)?bias|beta)$/, ["to use the bias", "bias: true"]],
  [/^(weight|gamma)$/, ["to use the scale", "affine: true"]],
];

/** The tensors of layers of which the model uses other tensors, and what would use them. */
export interface Forgotten {
  /** One line per tensor. */
  readonly lines: readonly string[];
  readonly uses: readonly (readonly [text: string, code: string])[];
}

/** Picks the tensors that were probably forgotten; undefined if there are none. */
export function forgottenTensors(extra: readonly ExtraTensor[]): Forgotten | undefined {
  const forgotten = extra.filter(({ beside }) => beside !== undefined);
  if (forgotten.length === 0) return undefined;
  const last = forgotten.map(({ name }) => /[^./]*$/.exec(name)![0]);
  return {
    lines: forgotten.map(
      ({ name, shape, beside }) => `${quote(name)} ${printShape(shape)}, beside ${beside!.path}${placeOf(beside!)}`,
    ),
    uses: uses.filter(([pattern]) => last.some((part) => pattern.test(part))).map(([, use]) => use),
  };
}

/** Formats the axes of a weight, in storage order: `[c: 12, c': 32]`. */
function axesOf(entry: WeightEntry): string {
  const axes = entry.groups.flat().map(([axis, size]) => `${axis}: ${size}`);
  return `[${axes.join(", ")}]`;
}

const placeOf = ({ at }: WeightEntry): string => (at === undefined ? "" : `, at ${at}`);

function group<T>(title: string, list: readonly T[], line: (item: T) => string): string[] {
  return list.length === 0 ? [] : [`${title} (${list.length}):`, ...list.map((item) => `  ${line(item)}`)];
}

/** Returns the prefix, without its dot, under which the file has most of the missing weights. */
function commonPrefix(missing: readonly WeightEntry[], extra: WeightProblems["extra"]): string | undefined {
  const entries = new Map(missing.map((entry) => [entry.path, entry]));
  const counts = new Map<string, number>();
  for (const { name, shape } of extra) {
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const entry = entries.get(name.slice(dot + 1));
      const prefix = name.slice(0, dot);
      if (entry !== undefined && fits(entry, shape)) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    }
  }
  const [best] = [...counts].toSorted(([, a], [, b]) => b - a);
  return best !== undefined && best[1] * 2 > missing.length ? best[0] : undefined;
}

/** Returns the name of the only fitting tensor whose name differs from the path just in punctuation, case or a prefix. */
function nearest(entry: WeightEntry, extra: WeightProblems["extra"]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const wanted = plain(entry.path);
  const near = extra.filter(({ name, shape }) => {
    const other = plain(name);
    return other !== "" && (other.endsWith(wanted) || wanted.endsWith(other)) && fits(entry, shape);
  });
  return near.length === 1 ? near[0]?.name : undefined;
}
