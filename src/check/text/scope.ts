/** @file The names that a declaration defines: its parameters, then what its statements name. Read from the tree alone. */
import type { Decl, Name, Param, Stmt } from "../../parser/ast.ts";

/** A tensor parameter, an `int`, `float` or `bool`, a parameter with choices, or what a statement names. */
export type DefinitionKind = "input" | "scalar" | "choice" | "tensor" | "layer" | "weight" | "const";

export interface Definition {
  readonly name: Name;
  readonly kind: DefinitionKind;
}

/** Every definition in order of the text. A name that is defined twice by mistake appears twice. */
export function definitions(decl: Decl): readonly Definition[] {
  return [...decl.params.map(ofParameter), ...decl.body.flatMap(ofStatement)];
}

function ofParameter(param: Param): Definition {
  if (param.kind === "tensor") return { name: param.name, kind: "input" };
  return { name: param.name, kind: param.choices.length === 1 ? "scalar" : "choice" };
}

function ofStatement(stmt: Stmt): readonly Definition[] {
  switch (stmt.kind) {
    case "return":
      return [];
    case "assign":
      return stmt.names.map((name) => ({ name, kind: "tensor" }));
    case "layer":
    case "weight":
    case "const":
      return [{ name: stmt.name, kind: stmt.kind }];
  }
}

/** Whether a parameter is defined, rather than something in the body. */
export function isParameter({ kind }: Definition): boolean {
  return kind === "input" || kind === "scalar" || kind === "choice";
}
