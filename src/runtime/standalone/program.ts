/** @file Machine code with its memory: inputs are copied in, results out. */
import type { DType, NdArray } from "../../contract/ndarray.ts";
import { elements } from "../../contract/ndarray.ts";
import { packed } from "../../contract/packing.ts";
import { evaluate } from "../../contract/prepare-evaluate.ts";
import { placesOf, summed, tableSection, type StandaloneDefinition } from "../../contract/standalone.ts";
import { hostFunctions } from "../../primitives/wasm/host.ts";
import type { LoadWeight } from "../load-weights.ts";
import { emptyArray, type TensorArray, type TypedArray } from "../typed-arrays.ts";

const page = 65536;

/** A tensor in the memory. */
interface Placed {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly view: Float32Array | Int32Array;
}

export class Program {
  /** In the order of the guard. */
  readonly #inputs: readonly Placed[];
  readonly results: readonly Placed[];
  readonly #run: () => void;

  private constructor(inputs: readonly Placed[], results: readonly Placed[], run: () => void) {
    this.#inputs = inputs;
    this.results = results;
    this.#run = run;
  }

  /** Compiles the machine code, and packs the weights into its memory. */
  static async load(
    { guard, prepare, layout }: StandaloneDefinition,
    code: Uint8Array<ArrayBuffer>,
    load: LoadWeight,
  ): Promise<Program> {
    const { inputs, weights, arena, own, end } = placesOf(layout);
    const module = await WebAssembly.compile(code);
    const pages = Math.ceil(end / page);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const ints = new Int32Array(memory.buffer);

    const numbers = new Uint8Array(WebAssembly.Module.customSections(module, tableSection)[0]!);
    let from = 0;
    for (const [offset, length, lag] of layout.tables) {
      const words = new Int32Array(numbers.slice(from, (from += 4 * length)).buffer);
      ints.set(lag === 0 ? words : summed(words, lag), (arena + offset) / 4);
    }
    ints.set(inputs, (arena + layout.control) / 4);
    const arrays = new Map<number, NdArray>(evaluate(prepare, new Set(layout.weights.flatMap(({ of }) => of)), load));
    layout.weights.forEach(({ length, of, moves }, i) => {
      const data = packed(
        of.map((step) => arrays.get(step)!),
        length,
        moves,
      );
      ints.set(new Int32Array(data.buffer), weights[i]! / 4);
    });

    const functions = Object.fromEntries(hostFunctions.map(({ name, of }) => [name, of]));
    const addresses = Object.fromEntries(weights.map((at, i) => [`w${i}`, at]));
    const env = { memory, arena, own, ...addresses, ...functions };
    const { exports } = await WebAssembly.instantiate(module, { env });

    const placed = (name: string, dtype: DType, shape: readonly number[], at: number): Placed => {
      const View = dtype === "f32" ? Float32Array : Int32Array;
      return { name, dtype, shape, view: new View(memory.buffer, at, elements(shape)) };
    };
    const bases = { input: inputs, weights };
    return new Program(
      guard.inputs.map(({ name, dtype }, i) => placed(name, dtype, layout.inputs[i]!, inputs[i]!)),
      layout.results.map(({ name, dtype, shape, at: [base, index] }) =>
        placed(name, dtype, shape, base === "arena" ? arena + index : bases[base][index]!),
      ),
      exports["run"] as () => void,
    );
  }

  /** The inputs have passed the guard. Results go into the given arrays or new ones. */
  run(
    inputs: Readonly<Record<string, TensorArray>>,
    into: Readonly<Record<string, TypedArray | undefined>>,
  ): Record<string, TensorArray> {
    for (const { name, view } of this.#inputs) view.set(inputs[name]!.data);
    this.#run();
    return Object.fromEntries(
      this.results.map(({ name, dtype, shape, view }) => {
        const data = (Object.hasOwn(into, name) ? into[name] : undefined) ?? emptyArray(dtype, shape);
        data.set(view);
        return [name, { shape: [...shape], data }];
      }),
    );
  }
}
