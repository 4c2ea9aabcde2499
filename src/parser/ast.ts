/** @file The abstract syntax tree: plain readonly objects with spans. It drops parentheses and layout, and lists comments separately. */
import type { Span } from "../source/source.ts";

export interface Name {
  readonly text: string;
  readonly span: Span;
}

export interface Comment {
  /** The text after the slashes. */
  readonly text: string;
  /** Whether it begins with `##`, and so documents what follows. */
  readonly doc: boolean;
  readonly span: Span;
}

export interface Ast {
  /** `fuse 1`; undefined if the line is missing. */
  readonly edition: { readonly value: number; readonly span: Span } | undefined;
  readonly imports: readonly Import[];
  readonly decls: readonly Decl[];
  /** All comments, in source order. */
  readonly comments: readonly Comment[];
  /** Names from imports and declarations that could not be parsed and were left out. */
  readonly broken: readonly Name[];
  readonly span: Span;
}

export interface Import {
  readonly names: readonly { readonly name: Name; readonly as: Name | undefined }[];
  readonly from: Name;
  readonly span: Span;
}

export interface Decl {
  readonly kind: "block" | "model";
  readonly name: Name;
  readonly params: readonly Param[];
  readonly result: Result | undefined;
  readonly where: readonly Where[];
  readonly body: readonly Stmt[];
  /** Names from statements that could not be parsed and were left out; `return` for one that was, or may have been, a `return`. */
  readonly broken: readonly Name[];
  /** The `##` lines before the declaration, joined by newlines, each without its leading space. */
  readonly doc: string | undefined;
  readonly span: Span;
  /** From the keyword up to the `{`. */
  readonly header: Span;
}

export type Param = TensorParam | AttributeParam;

export interface TensorParam {
  readonly kind: "tensor";
  readonly name: Name;
  readonly type: TensorExpr;
  readonly doc: string | undefined;
  readonly span: Span;
}

export interface AttributeParam {
  readonly kind: "attribute";
  readonly name: Name;
  /** A single type (`int`, `float` or `bool`), or the choices of an enum. */
  readonly choices: readonly Choice[];
  readonly default: Expr | undefined;
  readonly doc: string | undefined;
  readonly span: Span;
}

/** A name or an integer: a choice of an enum, or a type such as `int`. As a key of a `match` arm, also `true` or `false`. */
export interface Choice {
  readonly text: string;
  readonly span: Span;
}

export interface TensorExpr {
  readonly dtype: Name | undefined;
  readonly axes: readonly AxisSpec[];
  /** `...` or `...rest`, and the index of the axis that follows it. */
  readonly open: { readonly name: Name | undefined; readonly index: number; readonly span: Span } | undefined;
  readonly span: Span;
}

export interface AxisSpec {
  readonly name: Name;
  /** Undefined if omitted: the size is then the variable with the axis's name. */
  readonly size: Expr | undefined;
  readonly span: Span;
}

export type Result =
  | { readonly kind: "single"; readonly type: TensorExpr; readonly span: Span }
  | {
      readonly kind: "named";
      readonly items: readonly { readonly name: Name; readonly type: TensorExpr }[];
      readonly span: Span;
    };

export interface Where {
  readonly condition: Expr;
  readonly if: Expr | undefined;
  readonly span: Span;
}

export type Stmt = Layer | WeightStmt | Return | Assign;

export interface Layer {
  readonly kind: "layer";
  readonly name: Name;
  /** A chain of stages; in a pipeline, the head is the first stage. */
  readonly value: Expr;
  readonly doc: string | undefined;
  readonly span: Span;
}

export interface WeightStmt {
  readonly kind: "weight" | "const";
  readonly name: Name;
  readonly type: TensorExpr;
  readonly value: Expr;
  readonly doc: string | undefined;
  readonly span: Span;
}

export interface Return {
  readonly kind: "return";
  readonly values: readonly Expr[];
  readonly span: Span;
}

export interface Assign {
  readonly kind: "assign";
  readonly names: readonly Name[];
  readonly value: Expr;
  readonly doc: string | undefined;
  readonly span: Span;
}

/** An expression. Its span includes the parentheses around it. */
export type Expr =
  | NumberExpr
  | BoolExpr
  | InfExpr
  | ListExpr
  | UnaryExpr
  | BinaryExpr
  | Call
  | Match
  | If
  | Repeat
  | Pipeline
  | Tensors
  | Values;

export interface NumberExpr {
  readonly kind: "number";
  readonly value: number;
  /** The number as written. It is an integer unless it has a decimal point or an exponent. */
  readonly raw: string;
  readonly span: Span;
}

export interface BoolExpr {
  readonly kind: "bool";
  readonly value: boolean;
  readonly span: Span;
}

export interface InfExpr {
  readonly kind: "inf";
  readonly span: Span;
}

export interface ListExpr {
  readonly kind: "list";
  readonly items: readonly Expr[];
  readonly span: Span;
}

export interface UnaryExpr {
  readonly kind: "unary";
  readonly op: "-" | "not";
  readonly operand: Expr;
  readonly span: Span;
}

export type BinaryOp = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "and" | "or";

export interface BinaryExpr {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  /** The span of the operator. */
  readonly opSpan: Span;
  readonly span: Span;
}

/**
 * A name or a call: `x`, `x.c`, `relu`, `conv(x, c: 64) @conv`, `F(x).p3`, `batchnorm @bn`.
 * `args` is undefined if there are no parentheses.
 */
export interface Call {
  readonly kind: "call";
  readonly callee: Name;
  readonly args: readonly Arg[] | undefined;
  readonly path: readonly Name[];
  readonly label: Label | undefined;
  readonly span: Span;
}

export interface Label {
  /** The text after the `@`, with `{}` in place of each sum in braces; a single `.` adds nothing to the weight path. */
  readonly text: string;
  /** The sums in braces, in order: `i + 1` in `@layers.{i + 1}`. */
  readonly sums: readonly Expr[];
  readonly span: Span;
}

export type Arg =
  | { readonly kind: "named"; readonly name: Name; readonly value: Expr; readonly span: Span }
  | { readonly kind: "positional"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "map"; readonly from: Expr; readonly to: AxisGroup; readonly span: Span };

/** The right-hand side of `->`. */
export interface AxisGroup {
  readonly axes: readonly AxisSpec[];
  /** Whether it is written in brackets. */
  readonly list: boolean;
  readonly span: Span;
}

export interface Match {
  readonly kind: "match";
  readonly subject: Expr;
  readonly arms: readonly Arm[];
  readonly span: Span;
}

export interface Arm {
  readonly choices: readonly Choice[];
  /** In a piped `match`, a chain of stages; in a pipeline, the head is the first stage. */
  readonly value: Expr;
  readonly span: Span;
}

export interface If {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: Expr;
  /** For an `else if`, another `If`. */
  readonly else: Expr;
  readonly span: Span;
}

/** Several values: in an arm of a `match` or a branch of an `if`. */
export interface Values {
  readonly kind: "values";
  readonly items: readonly Expr[];
  readonly span: Span;
}

export interface Pipeline {
  readonly kind: "pipeline";
  readonly head: Expr;
  readonly stages: readonly Stage[];
  readonly span: Span;
}

export type Stage = Call | Match | If | Repeat;

/** `repeat(i: depth) B(last: i == depth - 1) @layers.{i}`, `repeat(depth) (A @a |> B @b) @blocks` */
export interface Repeat {
  readonly kind: "repeat";
  /** The name of the index, which counts from 0. */
  readonly index: Name | undefined;
  readonly count: Expr;
  /** A call, or any other chain of stages in parentheses; in a pipeline, the head is the first stage. */
  readonly step: Expr;
  /** The label after the parentheses. */
  readonly label: Label | undefined;
  readonly span: Span;
}

/** `(p3, p4, p5)`, the head of a pipeline. */
export interface Tensors {
  readonly kind: "tensors";
  readonly items: readonly Expr[];
  readonly span: Span;
}
