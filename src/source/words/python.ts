/** @file Names, properties, types and statements of Python and PyTorch, and what to write instead. */
import { bySpelling, type Word } from "./word.ts";

const graph = "declare a graph";
const block = "block Name(x: [n, c]) -> [n, c] { return relu(x) }";
const loop = "repeat a stage";
const repeated = "x |> repeat(3) (conv(c: x.c, kernel: 3) @conv |> relu) @layers";
const inference = "models are for inference: leave it out";
const claims = "state in the signature what callers must keep";

/** Names that people use as values. */
export const valueWords: readonly Word[] = [
  { words: ["False"], use: "mean(x, axis: h, keepdims: False)", text: "write", code: "false" },
  { words: ["True"], use: "mean(x, axis: h, keepdims: True)", text: "write", code: "true" },
  {
    words: ["None", "none", "null", "nil"],
    use: "None",
    text: "there is no such value: list it among the choices of a parameter",
    code: "act: relu | none = none",
  },
];

/** What follows the `.` of a tensor. */
export const propertyWords: readonly Word[] = [
  { words: ["shape", "size", "ndim"], use: "x * x.shape", text: "the size of axis `c` is", code: "x.c" },
  {
    words: ["T", "mT", "H", "mH"],
    use: "x * x.T",
    text: "axes have names instead of an order: leave it out",
    code: "x",
  },
];

/** Types of parameters and tensors. */
export const typeWords: readonly Word[] = [
  {
    words: ["Tensor", "FloatTensor", "ndarray", "Optional", "Union"],
    use: "image: Tensor",
    text: "declare a tensor by its axes",
    code: "image: [n, c, h, w]",
  },
  {
    words: ["list", "List", "tuple", "Tuple", "Sequence", "Iterable", "dict", "Dict"],
    use: "widths: list",
    text: "there are no lists: declare one parameter for each",
    code: "widths1: int = 64, widths2: int = 128",
  },
  {
    words: ["str", "string", "String", "Literal", "enum"],
    use: "mode: str",
    text: "list the choices",
    code: "mode: nearest | bilinear = nearest",
  },
];

/** Words that begin a statement or declaration. */
export const statementWords: readonly Word[] = [
  { words: ["for", "while"], use: "for i in range(3):", text: loop, code: repeated },
  { words: ["def", "class", "function", "fn", "func"], use: "def forward(self, x):", text: graph, code: block },
  { words: ["lambda"], use: "f = lambda t: t", text: graph, code: block },
  {
    words: ["import", "from"],
    use: "import torch",
    text: "operators need no import; a block of the library does",
    code: 'import { SE } from "fuse/attention"',
  },
  { words: ["with"], use: "with torch.no_grad():", text: inference },
  { words: ["pass", "del"], use: "del x", text: "leave it out: values are freed after their last use" },
  {
    words: ["assert", "raise"],
    use: "assert c > 2",
    text: claims,
    code: "block Name(x: [n, c]) -> [n, c] where c > 2 { return relu(x) }",
  },
  {
    words: ["elif"],
    use: "elif c > 2 { x }",
    text: "continue with",
    code: "if c > 2 { x } else if c > 1 { relu(x) } else { -x }",
  },
  {
    words: ["super"],
    use: "super().__init__()",
    text: "a block has no constructor: write a layer where it is used",
    code: "conv(x, c: 64, kernel: 3) @conv1",
  },
];

export const foreignValues = bySpelling(valueWords);
export const foreignProperties = bySpelling(propertyWords);
export const foreignTypeNames = bySpelling(typeWords);
export const foreignStatements = bySpelling(statementWords);
