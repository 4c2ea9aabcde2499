/** @file The abstract syntax tree: plain readonly objects with spans. Parentheses and layout are not kept; comments are a list beside it. */
import type { Span } from "../source/source.ts";

export interface Name {
  readonly text: string;
  readonly span: Span;
}

export interface Comment {
  /** Without its slashes. */
  readonly text: string;
  /** `///` documents what follows. */
  readonly doc: boolean;
  readonly span: Span;
}

export interface Ast {
  /** `fuse 1`; undefined where the line is missing. */
  readonly edition: { readonly value: number; readonly span: Span } | undefined;
  readonly imports: readonly Import[];
  readonly decls: readonly Decl[];
  /** All of them, in order of the text. */
  readonly comments: readonly Comment[];
  /** What the imports and declarations that could not be parsed, and are left out, would have named. */
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
  /** What the statements that could not be parsed, and are left out, would have named; `return` where that was a `return` or may have been one. */
  readonly broken: readonly Name[];
  /** The `///` lines before it, joined by newlines, each without its leading space. */
  readonly doc: string | undefined;
  readonly span: Span;
  /** From the keyword to before the `{`. */
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
  /** One or more choices: `int`, `float`, `bool`, or the choices of an enum. */
  readonly choices: readonly Choice[];
  readonly default: Expr | undefined;
  readonly doc: string | undefined;
  readonly span: Span;
}

/** A name or an integer, as a choice of an enum, a key of an arm, or a type (`int`). */
export interface Choice {
  readonly text: string;
  readonly span: Span;
}

export interface TensorExpr {
  readonly dtype: Name | undefined;
  readonly axes: readonly AxisSpec[];
  /** `...` or `...rest`, and before which axis it stands. */
  readonly open: { readonly name: Name | undefined; readonly index: number; readonly span: Span } | undefined;
  readonly span: Span;
}

export interface AxisSpec {
  readonly name: Name;
  /** Undefined where elided: the size variable of the axis's name. */
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
  /** A chain of stages: a pipeline whose head is its first stage. */
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

/** The span of an expression in parentheses includes them. */
export type Expr = NumberExpr | BoolExpr | InfExpr | ListExpr | UnaryExpr | BinaryExpr | Call | Match | If | Pipeline;

export interface NumberExpr {
  readonly kind: "number";
  readonly value: number;
  /** As written; without a point or an exponent it is an integer. */
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
  /** Of the operator. */
  readonly opSpan: Span;
  readonly span: Span;
}

/**
 * A name or a call: `x`, `x.c`, `relu`, `conv(x, c: 64) @conv`, `F(x).p3`, `batchnorm @bn`.
 * `args` is undefined where there are no parentheses.
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
  /** Without the `@`. */
  readonly text: string;
  readonly span: Span;
}

export type Arg =
  | { readonly kind: "named"; readonly name: Name; readonly value: Expr; readonly span: Span }
  | { readonly kind: "positional"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "map"; readonly from: Expr; readonly to: AxisGroup; readonly span: Span };

/** The right-hand side of `->`. */
export interface AxisGroup {
  readonly axes: readonly AxisSpec[];
  /** Written in brackets. */
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
  /** In a piped `match`, a chain of stages: a pipeline whose head is its first stage. */
  readonly value: Expr;
  readonly span: Span;
}

export interface If {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: Expr;
  /** An `else if` is an `If` here. */
  readonly else: Expr;
  readonly span: Span;
}

export interface Pipeline {
  readonly kind: "pipeline";
  readonly head: Expr;
  readonly stages: readonly Stage[];
  readonly span: Span;
}

export type Stage = CallStage | Match | If;

export interface CallStage {
  readonly kind: "stage";
  readonly repeat: { readonly count: Expr; readonly span: Span } | undefined;
  readonly call: Call;
  readonly span: Span;
}
