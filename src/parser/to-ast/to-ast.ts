/** @file Imports, headers and statements: syntax tree → Ast. */
import type { CstNode } from "chevrotain";
import type * as ast from "../ast.ts";
import {
  nameOf,
  node,
  nodes,
  nodeSpan,
  optionalNode,
  optionalToken,
  token,
  tokens,
  tokenSpan,
} from "../grammar/cst.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, quoted } from "../mistake.ts";
import type { Reading } from "./cst-reader.ts";
import { readAxisSpec, readChoices, readExpression, readOperation, requireStages } from "./expressions.ts";

export type Header = Omit<ast.Decl, "body" | "broken" | "span">;

export function readEdition(reading: Reading, cst: CstNode): NonNullable<ast.Ast["edition"]> {
  const edition = token(cst, t.Integer);
  if (edition.image !== "1") {
    const span = tokenSpan(reading.source, edition);
    const helps = [{ text: "this compiler supports", code: "fuse 1", edits: [{ span, text: "1" }] }];
    reading.remark(mistake("unknown-edition", span, { edition: edition.image }, { helps }));
  }
  return { value: Number(edition.image), span: nodeSpan(reading.source, cst) };
}

export function readImport(reading: Reading, cst: CstNode): ast.Import {
  const { source } = reading;
  const from = token(cst, t.StringLiteral);
  const names = nodes(cst, "importName").map((item) => {
    const [name, as] = tokens(item, t.Identifier).map((found) => nameOf(source, found));
    if (as !== undefined) requireUpperCase(reading, as);
    return { name: name!, as };
  });
  const module = { text: from.image.slice(1, -1), span: tokenSpan(source, from) };
  return { names, from: module, span: nodeSpan(source, cst) };
}

export function readHeader(reading: Reading, cst: CstNode): Header {
  const { source } = reading;
  const name = nameOf(source, token(cst, t.Identifier));
  requireUpperCase(reading, name);
  const result = optionalNode(cst, "result");
  const where = optionalNode(cst, "where");
  const header = nodeSpan(source, cst);
  return {
    kind: optionalToken(cst, t.Block) === undefined ? "model" : "block",
    name,
    params: nodes(cst, "param").map((param) => readParam(reading, param)),
    result: result && readResult(reading, result),
    where: where === undefined ? [] : readWhere(reading, where),
    doc: reading.docs.get(header.start),
    header,
  };
}

function requireUpperCase(reading: Reading, { text, span }: ast.Name): void {
  if (/^_?[A-Z]/.test(text)) return;
  const better = text.replace(/^(_?)([a-z])/, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  const helps = better === text ? [] : [{ text: "write", code: better, edits: [{ span, text: better }] }];
  const expected = "a name that starts with an upper-case letter";
  const notes = ["an upper-case letter tells blocks and models from operators and layers"];
  reading.remark(mistake("syntax-error", span, { found: quoted(text), expected }, { helps, notes }));
}

function readParam(reading: Reading, cst: CstNode): ast.Param {
  const span = nodeSpan(reading.source, cst);
  const shared = { name: nameOf(reading.source, token(cst, t.Identifier)), doc: reading.docs.get(span.start), span };
  const tensor = optionalNode(cst, "tensor");
  if (tensor !== undefined) return { kind: "tensor", ...shared, type: readTensor(reading, tensor) };
  const choices = readChoices(reading, cst);
  const bool = choices.find(({ text }) => text === "true" || text === "false");
  if (bool !== undefined) {
    const helps = [{ text: "the type of a parameter that is true or false is", code: "bool" }];
    reading.complain(mistake("syntax-error", bool.span, { found: quoted(bool.text), expected: "a name" }, { helps }));
  }
  const odd = choices.find(({ text }) => isInteger(text) !== isInteger(choices[0]!.text));
  if (odd !== undefined) {
    const expected = isInteger(odd.text) ? "a name" : "an integer";
    const notes = ["the choices of a parameter are all names or all integers"];
    reading.remark(mistake("syntax-error", odd.span, { found: quoted(odd.text), expected }, { notes }));
  }
  const value = optionalNode(cst, "expression");
  return { kind: "attribute", ...shared, choices, default: value && readExpression(reading, value) };
}

function isInteger(text: string): boolean {
  return /^\d/.test(text);
}

function readTensor(reading: Reading, cst: CstNode): ast.TensorExpr {
  const { source } = reading;
  const dtype = optionalToken(cst, t.Identifier);
  const axes: ast.AxisSpec[] = [];
  let open: ast.TensorExpr["open"];
  for (const axis of nodes(cst, "axis")) {
    const spec = optionalNode(axis, "axisSpec");
    if (spec !== undefined) axes.push(readAxisSpec(reading, spec));
    else if (open !== undefined) reading.refuse(token(axis, t.Ellipsis), "an axis", "`...` matches all other axes");
    else {
      const name = optionalToken(axis, t.Identifier);
      open = { name: name && nameOf(source, name), index: axes.length, span: nodeSpan(source, axis) };
    }
  }
  return { dtype: dtype && nameOf(source, dtype), axes, open, span: nodeSpan(source, cst) };
}

function readResult(reading: Reading, cst: CstNode): ast.Result {
  const span = nodeSpan(reading.source, cst);
  const type = optionalNode(cst, "tensor");
  if (type !== undefined) return { kind: "single", type: readTensor(reading, type), span };
  const items = nodes(cst, "resultItem").map((item) => ({
    name: nameOf(reading.source, token(item, t.Identifier)),
    type: readTensor(reading, node(item, "tensor")),
  }));
  return { kind: "named", items, span };
}

function readWhere(reading: Reading, cst: CstNode): ast.Where[] {
  reading.inWhere = true;
  const where = nodes(cst, "constraint").map((constraint) => {
    const [condition, only] = nodes(constraint, "operation").map((operation) => readOperation(reading, operation));
    return { condition: condition!, if: only, span: nodeSpan(reading.source, constraint) };
  });
  reading.inWhere = false;
  return where;
}

export function readStatement(reading: Reading, cst: CstNode): ast.Stmt {
  const { source } = reading;
  const span = nodeSpan(source, cst);
  const doc = reading.docs.get(span.start);
  const layer = optionalNode(cst, "layerStatement");
  if (layer !== undefined) {
    const value = readExpression(reading, node(layer, "expression"));
    requireStages(reading, value);
    return { kind: "layer", name: nameOf(source, token(layer, t.Identifier)), value, doc, span };
  }
  const weight = optionalNode(cst, "weightStatement");
  if (weight !== undefined) {
    const type = readTensor(reading, node(weight, "tensor"));
    const value = readExpression(reading, node(weight, "expression"));
    const kind = optionalToken(weight, t.Weight) === undefined ? "const" : "weight";
    return { kind, name: nameOf(source, token(weight, t.Identifier)), type, value, doc, span };
  }
  const result = optionalNode(cst, "returnStatement");
  if (result !== undefined) {
    const values = nodes(node(result, "values"), "expression").map((value) => readExpression(reading, value));
    return { kind: "return", values, span };
  }
  const assignment = node(cst, "assignment");
  const names = tokens(assignment, t.Identifier).map((name) => nameOf(source, name));
  return { kind: "assign", names, value: readExpression(reading, node(assignment, "expression")), doc, span };
}
