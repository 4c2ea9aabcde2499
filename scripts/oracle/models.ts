/** @file Small random models: two or three blocks of the library or operators, applied one after the other. */
import type { Parameter } from "../../src/check/text/signature.ts";
import { buildGraphs, openProgram } from "../../src/graphs.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { library } from "../../src/library.ts";
import { chanceOf, type Chance } from "../../test/properties/programs/chance.ts";
import { check, programOf } from "../../test/support/check.ts";

/** Inputs that stages may take, with their types. */
const inputs: Readonly<Record<string, string>> = {
  x: "[n, c: 64, h, w]",
  y: "[n, c: 64, h, w]",
  wide: "[n, c: 256, h, w]",
  low: "[n, c: 64, h: ceil(h / 2), w: ceil(w / 2)]",
  lower: "[n, c: 64, h: ceil(h / 4), w: ceil(w / 4)]",
  deep: "[n, c: 128, h: p, w: q]",
  vector: "[n, c: 64]",
  state: "[n, d: 64]",
  token: "[n, t, d: 64]",
  memory: "[n, s, d: 64]",
};

/** Operators of the last value, `$`, and of any values, `%`. */
const operators: readonly string[] = [
  "conv($, c: 64)",
  "conv($, c: 32)",
  "conv($, c: 256)",
  "conv($, c: 64, kernel: 3)",
  "conv($, c: 64, kernel: 3, groups: 64)",
  "conv($, c: 64, bias: false) |> batchnorm @bn |> relu",
  "conv_transpose($, c: 64, kernel: 2, stride: 2)",
  "batchnorm($)",
  "linear($, c: 64)",
  "linear($, d: 64)",
  "linear($, c: 16)",
  "relu($)",
  "sigmoid($)",
  "silu($)",
  "$ * 2",
  "1 - $",
  "$ + %",
  "$ - %",
  "$ * %",
  "$ * sigmoid(%)",
  "% + % * $",
  "maximum($, %)",
  "concat($, %, axis: c)",
  "concat($, %, %, axis: c)",
  "concat($, resize(%, like: $, mode: bilinear), axis: c)",
  "concat($, expand(mean($, axis: [h, w]), like: $), axis: c)",
  "mean($, axis: [h, w])",
  "mean($, axis: [h, w], keepdims: true)",
  "mean($, axis: w)",
  "mean($, axis: c)",
  "mean($, axis: t)",
  "sum($, axis: [h, w])",
  "max($, axis: [h, w])",
  "softmax($, axis: c)",
  "softmax($, axis: [h, w])",
  "layernorm($, axis: c)",
  "layernorm($, axis: d)",
  "avgpool($, kernel: 2, stride: 2)",
  "maxpool($, kernel: 2, stride: 2)",
  "adaptive_avgpool($, h: 2, w: 2)",
  "resize($, like: %, mode: bilinear)",
  "resize($, like: %)",
  "upsample($, scale: 2)",
  "slice($, c: [0, 32])",
  "slice($, h: [0, 2])",
  "flip($, axis: w)",
  "pad($, h: 1, w: 1)",
  "pixel_shuffle($, factor: 2)",
  "expand($, like: %)",
  "reshape($, [h, w] -> t: h * w) |> rename(c -> d)",
  "rename($, d -> c)",
  "rename($, c -> d)",
  "dot($, %, contract: [h, w], batch: n)",
  "dot($, rename(%, c -> k), contract: [h, w], batch: n)",
  "dot($, rename(%, t -> s), contract: d, batch: n)",
];

/** Values of `int` parameters that have no default. */
const sizes = [16, 32, 64];

interface Stage {
  /** What the stage calls, with the values in scope; the last of these comes first. */
  readonly call: (chance: Chance, scope: readonly string[]) => string;
  readonly results: number;
  /** The import that it needs. */
  readonly needs?: string;
}

const ofOperators = operators.map((text): Stage => {
  const call = (chance: Chance, scope: readonly string[]) =>
    text.replaceAll("$", scope.at(-1)!).replace(/%/g, () => chance.pick(scope));
  return { call, results: 1 };
});

const ofBlocks = Object.entries(library).flatMap(([path, text]) => {
  const { main, context } = openProgram(path, text, { read: () => undefined });
  const blocks = [...main.blocks].filter(([name]) => !name.startsWith("_"));
  return blocks.map(([name, block]): Stage => {
    const { tensors, parameters, results } = context.signature(block);
    const setting = (chance: Chance, { kind, name, choices, ast }: Parameter): readonly string[] => {
      if (choices.length > 0 && (ast.default === undefined || chance.is(0.3)))
        return [`${name}: ${chance.pick(choices)}`];
      return ast.default === undefined && kind === "int" ? [`${name}: ${chance.pick(sizes)}`] : [];
    };
    const call = (chance: Chance, scope: readonly string[]) => {
      const given = tensors.map((_, index) => (index === 0 ? scope.at(-1)! : chance.pick(scope)));
      return `${name}(${[...given, ...parameters.flatMap((one) => setting(chance, one))].join(", ")})`;
    };
    return { call, results: results?.length ?? 1, needs: `import { ${name} } from "${path}"` };
  });
});

/** Returns the model of a seed; undefined if what was drawn is no program. */
export function modelOf(seed: number): { readonly text: string; readonly graph: ModelGraph } | undefined {
  const chance = chanceOf(seed);
  const taken = Object.keys(inputs).filter(() => chance.is(0.4));
  const scope = [...taken, chance.pick(Object.keys(inputs).filter((name) => !taken.includes(name)))];
  const stages = Array.from({ length: 2 + chance.below(2) }, () =>
    chance.pick(chance.is(0.4) ? ofBlocks : ofOperators),
  );
  const lines: string[] = [];
  let made: readonly string[] = [];
  for (const [index, { call, results }] of stages.entries()) {
    const text = call(chance, scope);
    made = Array.from({ length: results }, (_, i) => `v${index}${i}`);
    lines.push(`  ${made.join(", ")} = ${text}`);
    // Any of several results may be the first value of the next stage.
    scope.push(...made.toSorted(() => chance.random() - 0.5));
  }
  const body = [...lines, `  return ${made.join(", ")}`].join("\n");
  const used = Object.entries(inputs).filter(([name]) => new RegExp(`\\b${name}\\b`).test(body));
  const imports = new Set(stages.flatMap(({ needs }) => needs ?? []));
  const text = (types: readonly string[]) =>
    [
      ...["fuse 1", ...imports],
      `model M(${used.map(([name, type]) => `${name}: ${type}`).join(", ")}) -> (${made.map((_, i) => `r${i}: ${types[i] ?? "[]"}`).join(", ")}) {`,
      ...[body, "}", ""],
    ].join("\n");
  // The checker knows the types of the results.
  const types = errorsOf(text([])).map((message) => /returns (\S.*), but declares/.exec(message)?.[1]);
  if (types.length !== made.length || types.some((type) => type === undefined)) return undefined;
  const whole = text(types as string[]);
  const [graph] = buildGraphs(programOf(whole)).value ?? [];
  return graph && { text: whole, graph };
}

function errorsOf(text: string): readonly string[] {
  const found = check(text).filter(({ severity }) => severity === "error");
  return found.map(({ message }) => message);
}
