/**
 * @file Straight-line code that looks at every value it computes, and names the first one that is not finite, and the first that
 * the graphics card refused to compute.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelDefinition } from "../contract/definition.ts";
import { indexOf } from "../contract/ndarray.ts";
import { DataError } from "../weights/data-error.ts";

/**
 * Gets the report about a run: a sentence about the first infinite value, one about the first NaN, and one about the first command
 * that WebGPU refused, which comes after the run. `place` is the line of the program, `net.fuse:3`; empty for inputs and
 * weights. `name` is that of the value in the module.
 */
export type Report = (message: string, place: string, name: string) => void;

type Run = ModelDefinition["run"];
type Watch = (name: string, value: tf.Tensor, place: string, operands: Readonly<Record<string, tf.Tensor>>) => void;

/** A statement of a run function as the compiler prints it: `const y = tf.log(x); // net.fuse:3`. */
const statements = /^( *)const ([\w$]+) = ([^]*?);(?: \/\/ (.*))?$/gm;

/** Inputs and prepared tensors: `const { x, weight: w } = inputs;`. */
const bindings = /^ *const \{([^}]*)\} = (?:inputs|weights);$/gm;

/**
 * Returns a run function that computes the same, and reports. The function's own text says what comes from where.
 * @throws DataError if a minifier has rewritten the module
 */
export async function watchedRun(definition: ModelDefinition, report: Report): Promise<Run> {
  const model = definition.name;
  const text = definition.run.toString();
  const known = new Set(
    [...text.matchAll(bindings)].flatMap(([, list = ""]) =>
      [...list.matchAll(/([\w$]+)\s*(?:,|$)/g)].map(([, it]) => it!),
    ),
  );
  let [count, place] = [0, ""];
  const watched = text.replace(statements, (statement, indent: string, name: string, value: string, at?: string) => {
    place = at ?? place;
    const used = [...value.matchAll(/(?<![.\w$])[\w$]+(?![\w$]*\s*[:(])/g)].map(([word]) => word);
    const operands = [...new Set(used)].filter((word) => known.has(word));
    known.add(name);
    count++;
    return `${statement}\n${indent}watch(${JSON.stringify(name)}, ${name}, ${JSON.stringify(place)}, { ${operands.join(", ")} });`;
  });
  const hasSteps = /\btf\./.test(text);
  if (!text.startsWith("run(") || (hasSteps && count === 0))
    throw new DataError(
      `${model} cannot be debugged: its module is not as Fuse wrote it; load it before it is minified`,
    );
  const source = `export default (tf, watch) => ({ ${watched} }).run;\n`;
  const module = (await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`)) as {
    readonly default: (tf: object, watch: Watch) => Run;
  };
  return (inputs, prepared, sizes) => {
    const device = deviceOf(tf.backend());
    const watch = watching(model, report);
    for (const [name, input] of Object.entries(inputs)) watch(`the input ${name}`, input, "", {});
    // Infinite numbers of the program, such as those of a mask, are meant.
    for (const [name, weight] of Object.entries(prepared))
      if (weight.rank > 0) watch(`the weight ${name}`, weight, "", {});
    device?.pushErrorScope("validation");
    try {
      return module.default(tf, watchingDevice(model, report, watch, device))(inputs, prepared, sizes);
    } finally {
      void device?.popErrorScope();
    }
  };
}

/** The part of WebGPU's device that tells what it refuses. TensorFlow.js does not ask: results are then what the memory held before. */
interface Device {
  pushErrorScope(filter: "validation"): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

function deviceOf(backend: object): Device | undefined {
  return "device" in backend && isDevice(backend.device) ? backend.device : undefined;
}

function isDevice(value: unknown): value is Device {
  return typeof value === "object" && value !== null && "popErrorScope" in value;
}

/** Also asks the device after each statement whether it refused a command of it. */
function watchingDevice(model: string, report: Report, watch: Watch, device: Device | undefined): Watch {
  if (device === undefined) return watch;
  let isReported = false;
  return (name, value, place, operands) => {
    watch(name, value, place, operands);
    void device.popErrorScope().then((error) => {
      if (error === null || isReported) return;
      isReported = true;
      const where = place === "" ? "" : ` (${place})`;
      report(`${model}: the graphics card did not compute ${name}${where}: ${error.message.trim()}`, place, name);
    });
    device.pushErrorScope("validation");
  };
}

/** Returns the function that is called with each value of one run. */
function watching(model: string, report: Report): Watch {
  let [isInfinite, isNaN] = [false, false];
  return (name, value, place, operands) => {
    if (isNaN || !isFloat(value)) return;
    const found = summaryOf(value);
    if (found.first === undefined || (isInfinite && found.nan === undefined)) return;
    const first = isInfinite ? found.nan! : found.first;
    isInfinite = true;
    isNaN = found.nan !== undefined;
    const where = place === "" ? "" : ` (${place})`;
    const [element, many] = [found.data[first]!, found.count === 1 ? "" : ` and ${found.count - 1} more`];
    const from = Object.entries(operands)
      .filter(([, operand]) => isFloat(operand))
      .map(([name, operand]) => `${name} ${rangeText(operand)}`);
    const went = from.length === 0 ? "" : `; computed from ${from.join("; ")}`;
    const at = `[${indexOf(first, value.shape).join(", ")}]`;
    report(`${model}: ${name}${where} is ${element} at ${at}${many}${went}`, place, name);
  };
}

/** Not disposed, and of a type that has infinities. */
function isFloat(value: tf.Tensor): boolean {
  return !value.isDisposed && value.dtype === "float32";
}

interface Summary {
  readonly data: ArrayLike<number>;
  /** How many elements are not finite, and the first of them. */
  readonly count: number;
  readonly first: number | undefined;
  readonly nan: number | undefined;
  readonly min: number;
  readonly max: number;
}

function summaryOf(tensor: tf.Tensor): Summary {
  const data = tensor.dataSync();
  let [count, min, max] = [0, Infinity, -Infinity];
  let first: number | undefined;
  let nan: number | undefined;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (Number.isFinite(value)) {
      min = Math.min(min, value);
      max = Math.max(max, value);
      continue;
    }
    count++;
    first ??= i;
    if (Number.isNaN(value)) nan ??= i;
  }
  return { data, count, first, nan, min, max };
}

function rangeText(tensor: tf.Tensor): string {
  const { count, min, max, data } = summaryOf(tensor);
  const shape = `[${tensor.shape.join(", ")}]`;
  const range = count === data.length ? "nothing finite" : `${digits(min)} to ${digits(max)}`;
  return `${shape} of ${range}${count === 0 || count === data.length ? "" : `, ${count} not finite`}`;
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));
