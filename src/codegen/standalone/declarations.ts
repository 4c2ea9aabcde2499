/** @file The types of a standalone module, which imports none: inputs and results with the sizes that it was built for. */
import type { StandaloneDefinition } from "../../contract/standalone.ts";
import { evaluate } from "../../contract/guard.ts";
import type { DType } from "../../contract/ndarray.ts";
import type { Plan } from "../../plan/plan.ts";
import { facts, fields } from "../esm/declarations.ts";
import { docComment } from "../esm/text.ts";

/** A model in the module. */
interface Declared {
  readonly plan: Plan;
  readonly definition: StandaloneDefinition;
  readonly local: string;
}

const arrays = { f32: "Float32Array", i32: "Int32Array", bool: "Uint8Array" } as const satisfies Record<DType, string>;

/** What all modules declare. The names are those of the runtime. */
const common = `
/** A tensor as a row-major array. A bool is a byte that is 0 or 1. */
export interface TensorArray<Data, Shape extends readonly number[] = readonly number[]> {
  readonly shape: Shape;
  readonly data: Data;
}

/** A path or URL, the bytes of a safetensors file, or arrays by name. */
export type WeightSource =
  | string
  | URL
  | ArrayBuffer
  | Uint8Array
  | Readonly<Record<string, TensorArray<ArrayLike<number>>>>;

export interface LoadOptions {
  /** Selects tensors whose names begin with it, and is removed from their names. Its final dot is optional. */
  readonly prefix?: string | undefined;
  /** Maps names in the file to paths; \`*\` is any text and \`{i}\` a number. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Called with a warning if the source has tensors that the model does not use, in layers of which it uses others. */
  readonly warn?: ((message: string) => void) | undefined;
  /** The file of machine code, as a path, a URL or its bytes, if it is not next to the module. */
  readonly code?: string | URL | ArrayBuffer | Uint8Array | undefined;
}

/** A model without weights. */
export interface Model<Inputs, Results> {
  readonly name: string;
  /** The weights that \`load\` needs. */
  readonly manifest: readonly { readonly path: string }[];
  /** The sizes that the module was built for. */
  readonly sizes: Readonly<Record<string, number>>;
  /**
   * Loads the machine code and the weights. A model without weights needs no source, which is copied, not kept or changed.
   * Rejects with an error that lists all weights that are missing or have the wrong shape.
   */
  load(source?: WeightSource, options?: LoadOptions): Promise<LoadedModel<Inputs, Results>>;
}

/** A model with weights. */
export interface LoadedModel<Inputs, Results> {
  readonly name: string;
  /**
   * Checks the inputs and computes the results. An array without a shape has the one that the module was built for. Inputs are
   * copied; results are new arrays, or those in \`out\`. Throws an error that says everything that is wrong with the inputs.
   */
  run(inputs: Inputs, out?: { readonly [Name in keyof Results]?: Data<Results[Name]> }): Results;
  /** Frees the weights and all other memory. Idempotent. */
  dispose(): void;
}

type Data<Result> = Result extends TensorArray<infer D> ? D : never;
`;

export function standaloneDeclarations(models: readonly Declared[]): string {
  return common.slice(1) + models.map((model) => `\n${declaration(model)}`).join("");
}

function declaration({ plan, definition, local }: Declared): string {
  const { name, guard, sizes, layout } = definition;
  const shaped = (dtype: DType, shape: readonly number[]) =>
    `TensorArray<${arrays[dtype]}, readonly [${shape.join(", ")}]>`;
  const inputs = guard.inputs.map(({ name: input, dtype, axes }) => {
    const shape = axes.map(({ size }) => evaluate(size, sizes));
    const declared = `${dtype}[${axes.map((axis) => axis.declared).join(", ")}] = [${shape.join(", ")}]`;
    // A shape is checked when the model runs: users seldom have literal types.
    return { name: input, type: `TensorArray<${arrays[dtype]}> | ${arrays[dtype]}`, declared };
  });
  const results = layout.results.map(({ name: result, dtype, shape }) => {
    const { axes } = plan.results.find((one) => one.name === result)!;
    const declared = `${dtype}[${axes.map((axis, i) => `${axis}: ${shape[i]}`).join(", ")}]`;
    return { name: result, type: shaped(dtype, shape), declared };
  });
  const doc = docComment([plan.graph.doc ?? name, ...facts(plan)]);
  const type = `Model<\n${fields(inputs)},\n${fields(results)}\n>`;
  return local === name
    ? `${doc}export declare const ${name}: ${type};\n`
    : `${doc}declare const ${local}: ${type};\nexport { ${local} as ${name} };\n`;
}
