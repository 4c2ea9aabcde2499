/** @file Attention: products of values with the softmax of products of queries and keys. */
import type { NdArray } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import { tidy } from "./esm/text.ts";
import { matmul } from "./matmul.ts";
import { dims, primitive, type Shaped } from "./primitive.ts";
import { softmax } from "./softmax.ts";
import { attentionKernels } from "./wasm/attention.ts";

interface Attention {
  /** Whether the keys are [..., s, e], and the values [..., f, s]. */
  readonly transposeK: boolean;
  readonly transposeV: boolean;
}

type Product = ReturnType<typeof productsOf>[number];

/** The two products. */
const productsOf = ({ transposeK, transposeV }: Attention) =>
  [
    { transposeA: false, transposeB: transposeK },
    { transposeA: false, transposeB: transposeV },
  ] as const;

/** The shape of the scores [..., t, s]. */
const scoresShape = <S>([q, k]: readonly Shaped<S>[], { transposeK }: Attention): readonly S[] => [
  ...q!.shape.slice(0, -1),
  k!.shape.at(transposeK ? -2 : -1)!,
];

const scoresOf = (operands: readonly Positional[], attributes: Attention): Positional => ({
  shape: scoresShape(operands, attributes),
  dtype: "f32",
});

type Operands = readonly Positional[];

/** Writes it as two products with a softmax between them. */
function composed<T>(
  [[q, k, v], attributes, result, operands]: readonly [readonly T[], Attention, Positional, Operands],
  multiplied: (inputs: readonly T[], attributes: Product, result: Positional, operands: Operands) => T,
  normalised: (x: T, scores: Positional) => T,
): T {
  const scores = scoresOf(operands, attributes);
  const [first, second] = productsOf(attributes);
  const shares = normalised(multiplied([q!, k!], first, scores, operands.slice(0, 2)), scores);
  return multiplied([shares, v!], second, result, [scores, operands[2]!]);
}

export const attention = primitive<Attention>({
  name: "attention",
  doc: "Computes softmax(q k) v for queries [..., t, e], keys [..., e, s] and values [..., s, f] with equal batch axes.",
  shape: ([q, , v], { transposeV }) => ({
    shape: [...q!.shape.slice(0, -1), v!.shape.at(transposeV ? -2 : -1)!],
    dtype: "f32",
  }),
  macs: ([q, k, v], attributes, result) => {
    const scores = { shape: scoresShape([q!, k!], attributes) };
    const [first, second] = productsOf(attributes);
    return [...matmul.macs!([q!, k!], first, scores), ...matmul.macs!([scores, v!], second, result)];
  },
  reference: ([q, k, v], attributes, size): NdArray => {
    const [first, second] = productsOf(attributes);
    const scores = matmul.reference([q!, k!], first, size);
    return matmul.reference([softmax.reference([scores], {}, size), v!], second, size);
  },
  wasm: { finishes: true, kernels: attentionKernels },
  esm: (e, ...step) =>
    tidy(
      composed(
        step,
        (...product) => matmul.esm(e, ...product),
        (x, scores) => softmax.esm(e, [x], {}, scores, [scores]),
      ),
    ),
  tensorflow: (e, ...step) =>
    composed(
      step,
      (...product) => matmul.tensorflow(e, ...product),
      (x, scores) => softmax.tensorflow(e, [x], {}, scores, [scores]),
    ),
  onnx: (e, ...step) =>
    composed(
      step,
      (...product) => matmul.onnx(e, ...product),
      (x, scores) => softmax.onnx(e, [x], {}, scores, [scores]),
    ),
  cases: () => {
    const swap = (shape: readonly number[], isSwapped: boolean) =>
      isSwapped ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
    return [
      ["3x4", "4x5", "5x2"],
      ["1x1", "1x1", "1x1"],
      ["2x7x5", "2x5x37", "2x37x9"],
      // several units of rows
      ["70x8", "8x33", "33x8"],
      ["2x1x3x6x4", "2x1x3x4x8", "2x1x3x8x12"],
      // long rows
      ["5x3", "3x4100", "4100x2"],
    ].flatMap((operands, i) => {
      const [q, k, v] = operands.map(dims) as [readonly number[], readonly number[], readonly number[]];
      const attributes = { transposeK: i % 2 === 0, transposeV: i % 4 < 2 };
      const shapes = [q, swap(k, attributes.transposeK), swap(v, attributes.transposeV)];
      return [
        { shapes, attributes },
        { shapes, attributes, values: [30, -30, 0.5, 0] },
      ];
    });
  },
});
