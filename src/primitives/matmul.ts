/** @file Matrix products. */
import { elements, generate } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import type { Size } from "../sizes/size.ts";
import {
  activate,
  activatedNode,
  activationOperation,
  activationText,
  onnxActivated,
  wasmActivated,
} from "./activation.ts";
import { tidy } from "./esm/text.ts";
import type { OnnxWire } from "./onnx/emitter.ts";
import { activations, dims, primitive, type Activation } from "./primitive.ts";
import type { Wire } from "./tensorflow/emitter.ts";
import { apply, ints, reshaped } from "./tensorflow/nodes.ts";
import { panelsOf } from "./wasm/panels.ts";
import { multiplied, panelElements } from "./wasm/product.ts";

interface Product {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: Activation;
}

/** Whether it is more than a single product of two matrices. Batch axes of `a` fold into its rows. */
const isBatched = ({ transposeA }: Product, [a, b]: readonly Positional[]): boolean =>
  b!.shape.length > 2 || (a!.shape.length > 2 && transposeA);

export const matmul = primitive<Product>({
  name: "matmul",
  doc: "Products of matrices [..., m, k] and [..., k, n] with equal batch axes, or one [k, n] for all; then a bias [n] and an activation, if there are.",
  shape: ([a, b], { transposeA, transposeB }) => {
    const m = a!.shape.at(transposeA ? -1 : -2)!;
    const n = b!.shape.at(transposeB ? -2 : -1)!;
    return { shape: [...a!.shape.slice(0, -2), m, n], dtype: "f32" };
  },
  macs: ([a], { transposeA }, result) => [[...result.shape, a!.shape.at(transposeA ? -2 : -1)!]],
  reference: ([a, b, bias], { transposeA, transposeB, activation }) => {
    const [rowsA, columnsA] = a!.shape.slice(-2) as [number, number];
    const [rowsB, columnsB] = b!.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const n = transposeB ? rowsB : columnsB;
    const [stepM, stepK] = transposeA ? [1, columnsA] : [columnsA, 1];
    const [stepN, stepKOfB] = transposeB ? [columnsB, 1] : [1, columnsB];
    const batch = a!.shape.slice(0, -2);
    const finish = activate(activation);
    return generate("f32", [...batch, m, n], (index, flat) => {
      const which = Math.floor(flat / (m * n));
      const [i, j] = index.slice(-2) as [number, number];
      const startA = which * rowsA * columnsA + i * stepM;
      const startB = (b!.shape.length > 2 ? which * rowsB * columnsB : 0) + j * stepN;
      let sum = bias?.data[j] ?? 0;
      for (let l = 0; l < k; l++) sum += a!.data[startA + l * stepK]! * b!.data[startB + l * stepKOfB]!;
      return finish(sum);
    });
  },
  // On wasm, only a single untransposed product runs on XNNPACK, ten times as fast as the loop that runs all others. That
  // loop also adds a bias, and clamps for relu and relu6, once per 48 summands. So we transpose matrices first (0.15 vs
  // 1.5 ms for 196x64x196; 0.05 ms more on the native backend), fold rows (0.3 vs 3.9 ms for 8x196x64x64), and apply bias
  // and activation after the loop where it must run.
  esm: (e, [a, b, bias], attributes, result, operands) => {
    const { transposeA, transposeB, activation } = attributes;
    if (isBatched(attributes, operands)) {
      const flags = transposeA || transposeB ? `, ${transposeA}, ${transposeB}` : "";
      const product = `tf.matMul(${a}, ${b}${flags})`;
      const whole = activationText(activation, bias === undefined ? product : `tf.add(${product}, ${bias})`);
      return whole === product ? product : tidy(whole);
    }
    const isFolded = result.shape.length > 2;
    const left = transposeA
      ? `tf.transpose(${a})`
      : isFolded
        ? `tf.reshape(${a}, [-1, ${e.size(operands[0]!.shape.at(-1)!)}])`
        : a;
    const right = transposeB ? `tf.transpose(${b})` : b;
    const rest = `${bias === undefined ? "" : `, bias: ${bias}`}${activation === undefined ? "" : `, activation: "${activation}"`}`;
    const product =
      rest === "" ? `tf.matMul(${left}, ${right})` : `tf.fused.matMul({ a: ${left}, b: ${right}${rest} })`;
    const whole = isFolded ? `tf.reshape(${product}, ${e.sizes(result.shape)})` : product;
    return isFolded || transposeA || transposeB ? tidy(whole) : whole;
  },
  // The same for the executor of TensorFlow.js. TensorFlow folds the transposes back into the product. It then fuses a
  // sigmoid for which it has no kernel, unless there is a node between the transpose and the product.
  tensorflow: (e, [a, b, bias], attributes, result, operands) => {
    const { transposeA, transposeB, activation } = attributes;
    const T = { type: "f32" } as const;
    if (isBatched(attributes, operands)) {
      const flags = { T, adj_x: { bool: transposeA }, adj_y: { bool: transposeB } };
      const product = e.node("BatchMatMulV2", [a!, b!], flags);
      return activatedNode(e, activation, bias === undefined ? product : apply(e, "AddV2", [product, bias]));
    }
    const transposed = (x: Wire, permutation: readonly number[]): Wire =>
      e.node("Transpose", [x, ints(e, permutation)], { T, Tperm: { type: "i32" } });
    const turned = (x: Wire, isTurned: boolean): Wire => (isTurned ? transposed(x, [1, 0]) : x);
    const turnedApart = (x: Wire, [k, m]: readonly Size[]): Wire =>
      reshaped(e, transposed(reshaped(e, x, "f32", [e.algebra.int(1), k!, m!]), [0, 2, 1]), "f32", [m!, k!]);
    const isFolded = result.shape.length > 2;
    const left = isFolded
      ? reshaped(e, a!, "f32", [e.algebra.int(-1), operands[0]!.shape.at(-1)!])
      : transposeA && activation === "sigmoid"
        ? turnedApart(a!, operands[0]!.shape)
        : turned(a!, transposeA);
    const flags = { T, transpose_a: { bool: false }, transpose_b: { bool: false } };
    const product = e.product("MatMul", [left, turned(b!, transposeB)], flags, bias, activationOperation(activation));
    return isFolded ? reshaped(e, product, "f32", result.shape) : product;
  },
  wasm: {
    finishes: true,
    kernels: (e, { transposeA, transposeB, activation }) => {
      const [a, b, bias] = e.operands;
      const [rowsA, columnsA] = a!.shape.slice(-2) as [number, number];
      const [rowsB, columnsB] = b!.shape.slice(-2) as [number, number];
      const [m, depth] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
      const columns = transposeB ? rowsB : columnsB;
      const batches = elements(a!.shape.slice(0, -2));
      const count = b!.shape.length > 2 ? batches : 1;
      const { at: panels, kernels } = panelsOf(e, {
        operand: 1,
        bias: bias && 2,
        count,
        depth,
        columns,
        strides: {
          matrix: rowsB * columnsB,
          summand: transposeB ? 1 : columnsB,
          column: transposeB ? columnsB : 1,
        },
        biasStride: 0,
      });
      // One matrix for all batches of rows that are neighbours.
      const isFolded = count === 1 && !transposeA;
      const rows = isFolded ? batches * m : m;
      const product = multiplied(e, {
        a: a!.at,
        panels,
        c: e.result.at,
        outer: [
          {
            count: isFolded ? 1 : batches,
            a: 4 * m * depth,
            b: count === 1 ? 0 : 4 * panelElements(depth, columns),
            c: 4 * m * columns,
            channel: 0,
          },
        ],
        lines: { count: 1, a: 0, c: 0 },
        rows: { count: rows, a: transposeA ? 4 : 4 * depth, c: 4 * columns },
        summands: [{ count: depth, a: transposeA ? 4 * m : 4 }],
        columns,
        activation: (f, x) => wasmActivated(f, activation, x),
      });
      return [...kernels, product];
    },
  },
  onnx: (e, [a, b, bias], { transposeA, transposeB, activation }, _, operands) => {
    const ranks = operands.map(({ shape }) => shape.length);
    const finish = (y: OnnxWire) => onnxActivated(e, activation, y);
    if (ranks[0] === 2 && ranks[1] === 2 && (bias !== undefined || transposeA || transposeB)) {
      const flags = { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } };
      return finish(e.node("Gemm", bias === undefined ? [a!, b!] : [a!, b!, bias], flags));
    }
    const turned = (x: OnnxWire, rank: number) => {
      const order = Array.from({ length: rank }, (_, i) => i);
      return e.transposed(x, [...order.slice(0, -2), rank - 1, rank - 2]);
    };
    const left = transposeA ? turned(a!, ranks[0]!) : a!;
    const right = transposeB ? turned(b!, ranks[1]!) : b!;
    const product = e.node("MatMul", [left, right]);
    return finish(bias === undefined ? product : e.node("Add", [product, bias]));
  },
  absorb: (attributes, activation, operands) =>
    attributes.activation === undefined && !isBatched(attributes, operands) ? { ...attributes, activation } : undefined,
  cases: () => {
    const shapes = [
      ["3x5", "5x4"],
      ["1x1", "1x1"],
      ["1x7", "7x1"],
      // more summands than wasm's loop takes at once
      ["3x100", "100x50"],
      ["3x4x60", "60x5"],
      ["2x1x3x4", "4x2"],
      ["1x3x4", "1x4x2"],
      ["3x3x60", "3x60x2"],
      ["2x1x3x4x5", "2x1x3x5x2"],
      ["2x1x1x2x3x4", "2x1x1x2x4x5"],
    ].map((pair) => pair.map(dims));
    const swap = (shape: readonly number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
    return shapes.flatMap(([a, b], i) =>
      [0, 1, 2, 3].flatMap((flags) => {
        const transposes = { transposeA: (flags & 1) !== 0, transposeB: (flags & 2) !== 0 };
        const operands = [transposes.transposeA ? swap(a!) : a!, transposes.transposeB ? swap(b!) : b!];
        const activation = activations[(i + flags) % activations.length]!;
        return [
          { shapes: operands, attributes: transposes },
          { shapes: [...operands, [b!.at(-1)!]], attributes: transposes },
          { shapes: operands, attributes: { ...transposes, activation } },
          { shapes: [...operands, [b!.at(-1)!]], attributes: { ...transposes, activation } },
        ];
      }),
    );
  },
});
