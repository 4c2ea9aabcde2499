/** @file Random valid programs for the formatter, with line breaks and comments between any two tokens. */
import fc, { type Arbitrary } from "fast-check";

type Tokens = readonly string[];

const none: Arbitrary<Tokens> = fc.constant([]);
const word = (...words: string[]): Arbitrary<Tokens> => fc.constantFrom(...words.map((text) => text.split(" ")));
const seq = (...parts: Arbitrary<Tokens>[]): Arbitrary<Tokens> => fc.tuple(...parts).map((found) => found.flat());
const maybe = (part: Arbitrary<Tokens>): Arbitrary<Tokens> => fc.oneof({ arbitrary: none, weight: 2 }, part);

/** `item { separator item }`, with the last separator if `trailing` says so. */
function list(
  item: Arbitrary<Tokens>,
  separator: string,
  min: number,
  max: number,
  trailing = none,
): Arbitrary<Tokens> {
  return fc
    .tuple(fc.array(item, { minLength: min, maxLength: max }), trailing)
    .map(([items, end]) => [
      ...items.flatMap((tokens, i) => (i === 0 ? tokens : [separator, ...tokens])),
      ...(items.length > 0 ? end : []),
    ]);
}
const comma: Arbitrary<Tokens> = fc.oneof(none, word(","));

const name = word("x", "y", "layer", "where", "features", "a_rather_long_name_of_a_tensor");
const axis = word("n", "c", "h", "w", "weight", "head");
const callee = word("relu", "conv", "where", "SE", "depthwise_convolution", "layer");
const label = fc.oneof(word("@a", "@layer.0", "@1x1", "@layer{i}", "@."), fc.constant(["@blocks.{ 2*i+ 1 }.conv"]));
const literal = word("0", "1", "256", "0.50", "1e-5", "inf", "true", "false");
const choice = word("a", "concat", "embedded_gaussian");
const choices = list(choice, "|", 1, 3);
/** The choices of an arm. */
const keys = list(fc.oneof(choice, word("true", "2")), "|", 1, 3);

/** The nesting depth of the rules. At this depth, the first alternative is taken. */
const depth = { depthIdentifier: fc.createDepthIdentifier(), maxDepth: 9 };

/** The rules of expressions, which contain each other. */
const rules = fc.letrec<{
  expr: Tokens;
  operation: Tokens;
  sum: Tokens;
  unary: Tokens;
  primary: Tokens;
  call: Tokens;
  arg: Tokens;
  values: Tokens;
  match: Tokens;
  if: Tokens;
  stage: Tokens;
  piped: Tokens;
  repeat: Tokens;
  stages: Tokens;
  axisSpec: Tokens;
}>((tie) => ({
  expr: fc.oneof(
    depth,
    { arbitrary: tie("operation"), weight: 3 },
    seq(tie("operation"), word("|>"), list(tie("stage"), "|>", 1, 5)),
    seq(word("("), list(tie("expr"), ",", 2, 4, comma), word(") |>"), list(tie("stage"), "|>", 1, 3)),
  ),
  operation: fc.oneof(
    depth,
    { arbitrary: tie("sum"), weight: 5 },
    seq(maybe(word("not")), tie("sum"), word("==", "!=", "<", "<=", ">", ">="), tie("sum")),
    seq(tie("sum"), word("and", "or"), maybe(word("not")), tie("sum")),
    seq(tie("sum"), word("or"), tie("sum"), word("and"), tie("sum"), word("<"), tie("sum")),
  ),
  sum: fc.oneof(
    depth,
    { arbitrary: tie("unary"), weight: 4 },
    seq(tie("unary"), word("+", "-", "*", "/", "%"), tie("sum")),
  ),
  unary: seq(fc.oneof({ arbitrary: none, weight: 6 }, word("-", "- -")), tie("primary")),
  primary: fc.oneof(
    depth,
    { arbitrary: name, weight: 4 },
    { arbitrary: literal, weight: 2 },
    { arbitrary: tie("call"), weight: 3 },
    { arbitrary: seq(word("("), tie("expr"), word(")")), weight: 2 },
    seq(word("["), list(tie("expr"), ",", 0, 4, comma), word("]")),
    seq(word("["), list(literal, ",", 2, 40, comma), word("]")),
    tie("match"),
    tie("if"),
  ),
  call: seq(
    callee,
    maybe(seq(word("("), list(tie("arg"), ",", 0, 4, comma), word(")"))),
    fc.oneof({ arbitrary: none, weight: 4 }, word(". p3")),
    maybe(label),
  ),
  arg: fc.oneof(
    depth,
    tie("expr"),
    seq(axis, word(":"), tie("expr")),
    seq(tie("expr"), word("->"), tie("axisSpec")),
    seq(tie("expr"), word("->"), word("["), list(tie("axisSpec"), ",", 1, 3, comma), word("]")),
  ),
  axisSpec: seq(axis, maybe(seq(word(":"), tie("sum")))),
  values: fc.oneof({ arbitrary: tie("expr"), weight: 4 }, list(tie("expr"), ",", 2, 3)),
  match: seq(
    ...[word("match"), tie("operation"), word("{")],
    fc.array(seq(keys, word("=>"), tie("values"), comma), { maxLength: 3 }).map((arms) => arms.flat()),
    word("}"),
  ),
  if: seq(
    ...[word("if"), tie("operation"), word("{"), tie("values"), word("} else")],
    fc.oneof(
      depth,
      { arbitrary: seq(word("{"), tie("values"), word("}")), weight: 3 },
      seq(word("{"), tie("if"), word("}")),
      tie("if"),
    ),
  ),
  stage: fc.oneof(depth, { arbitrary: tie("call"), weight: 6 }, tie("repeat"), tie("piped")),
  piped: fc.oneof(
    depth,
    seq(
      ...[word("match"), tie("operation"), word("{")],
      fc.array(seq(keys, word("=>"), tie("stages"), comma), { minLength: 1, maxLength: 3 }).map((arms) => arms.flat()),
      word("}"),
    ),
    seq(word("if"), tie("operation"), word("{"), tie("stages"), word("} else {"), tie("stages"), word("}")),
  ),
  repeat: seq(
    ...[word("repeat ("), maybe(word("i :")), tie("sum"), word(")")],
    fc.oneof(
      depth,
      { arbitrary: tie("call"), weight: 3 },
      seq(word("("), tie("stages"), word(")"), maybe(label)),
      seq(word("( ("), tie("stages"), word(") )")),
    ),
  ),
  stages: seq(
    fc.oneof(depth, { arbitrary: tie("call"), weight: 4 }, tie("repeat"), tie("piped")),
    maybe(seq(word("|>"), list(tie("stage"), "|>", 1, 3))),
  ),
}));

const axisSpec = seq(axis, maybe(seq(word(":"), rules.sum)));
const axes = seq(
  fc.oneof(
    list(axisSpec, ",", 0, 4, comma),
    seq(list(axisSpec, ",", 1, 2), word(", ...", ", ... rest"), comma),
    seq(word("... ,", "... rest ,"), list(axisSpec, ",", 1, 2)),
  ),
  word("]"),
);
const tensor = seq(maybe(word("i32", "f32")), word("["), axes);
/** In a statement, a line break before or after the element type would start a new statement. */
const typed = seq(fc.oneof(word(": ["), fc.constant([": bool ["])), axes);
const type = fc.oneof(choices, list(word("1", "3", "7"), "|", 1, 3));
const param = seq(name, word(":"), fc.oneof(tensor, seq(type, maybe(seq(word("="), rules.expr)))));
const constraint = word("ca == cb", "not ( a == 2 * b ) and c >= 1", "( h + w ) % 2 == 0", "- a < b");
const where = seq(word("where"), list(seq(constraint, maybe(seq(word("if"), constraint))), ",", 1, 4));
const result = fc.oneof(tensor, seq(word("("), list(seq(name, word(":"), tensor), ",", 1, 3, comma), word(")")));
const statement = fc.oneof(
  { arbitrary: seq(list(word("x", "y", "out"), ",", 1, 3), word("="), rules.expr), weight: 4 },
  seq(word("layer mlp ="), rules.stages),
  seq(word("weight", "const"), word("table"), typed, word("="), rules.expr),
  seq(word("return"), list(rules.expr, ",", 1, 3)),
);
const decl = seq(
  ...[word("block", "model"), word("A", "_Long", "ResidualBottleneck"), word("(")],
  ...[list(param, ",", 0, 4, comma), word(")"), maybe(seq(word("->"), result)), maybe(where)],
  ...[word("{"), fc.array(statement, { maxLength: 4 }).map((all) => all.flat()), word("}")],
);
const imported = list(word("A", "A as B", "_Gate", "SomeBlockWithALongName"), ",", 1, 6, comma);
const program = seq(
  maybe(word("fuse 1")),
  fc.array(seq(word("import {"), imported, word("} from"), word('"fuse/attention"'))).map((all) => all.flat()),
  fc.array(decl, { maxLength: 3 }).map((all) => all.flat()),
);

const blank = fc.constantFrom(" ", " ", " ", "\n", "\n\n", "\r\n", "\n\n\n\n", "\t");
const words = fc.constantFrom(
  "# this is why",
  "#no blank before",
  "# a, b) and ] or {",
  "### four",
  "#",
  "## said of it",
);
const comment = fc.tuple(fc.constantFrom(" ", "\n", "\n\n  "), words, fc.constantFrom("\n", "\n\n\n", " \n"));

/** Returns the text between two tokens. */
function between(kind: number, [lead, text, end]: readonly [string, string, string], gap: string): string {
  return kind >= 0 ? gap : lead + text + end;
}

/** Generates program texts. Of a hundred gaps between tokens, about `comments` hold a comment. */
export function programText(comments: number): Arbitrary<string> {
  const gaps = fc.array(fc.tuple(fc.integer({ min: -comments, max: 99 - comments }), comment, blank), {
    minLength: 40,
    maxLength: 120,
    size: "max",
  });
  return fc.tuple(program, gaps).map(([tokens, gaps]) =>
    tokens
      .map((token, i) => {
        const [kind, text, gap] = gaps[i % gaps.length]!;
        return between(kind, text, i === 0 && kind >= 0 ? "" : gap) + token;
      })
      .concat("\n")
      .join(""),
  );
}
