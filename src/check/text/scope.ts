/** @file The names that a declaration defines: its parameters, then the names in its statements. Uses only the syntax tree. */
import type { Decl, Name, Param, Stmt } from "../../parser/ast.ts";

/** `input` is a tensor parameter, `scalar` an `int`, `float` or `bool`, `choice` a parameter with choices. Statements define the others. */
export type DefinitionKind = "input" | "scalar" | "choice" | "tensor" | "layer" | "weight" | "const";

export interface Definition {
  readonly name: Name;
  readonly kind: DefinitionKind;
}

/** Returns every definition in source order. A name that is defined twice by mistake appears twice. */
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

/** Whether a definition is a parameter, rather than part of the body. */
export function isParameter({ kind }: Definition): boolean {
  return kind === "input" || kind === "scalar" || kind === "choice";
}
