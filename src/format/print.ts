/** @file Prints files, declarations and statements: Ast → Prettier's Doc. */
import type { Doc } from "prettier";
import { builders, utils } from "prettier/doc";
import type { Ast, Decl, Import, Name, Param, Result, Stmt, Where } from "../parser/ast.ts";
import { expressionItem, printChoices, printExpression, printName, printRaw, printTensor } from "./expressions.ts";
import { braced, bracketed, commaSeparated, curly, inBrackets, item, lines, round, type Item } from "./lists.ts";
import * as places from "./parentheses.ts";
import { Trivia } from "./trivia.ts";

const { conditionalGroup, group, hardline, ifBreak, indent, line } = builders;

/** Prints a whole file. It must have parsed without mistakes: anything missing from the Ast would be lost. */
export function printFile(ast: Ast): Doc {
  const trivia = new Trivia(ast);
  const { edition, imports, decls, span } = ast;
  const items: Item[] = [
    ...(edition === undefined
      ? []
      : [item(edition.span, () => ["fuse ", trivia.within(edition.span.end), `${edition.value}`])]),
    ...imports.map((found) => item(found.span, () => printImport(trivia, found))),
    ...decls.map((decl) => item(decl.span, () => printDecl(trivia, decl))),
  ];
  const contents = lines(trivia, items, span.end);
  return contents.length > 0 ? [...contents, hardline] : "";
}

function printImport(trivia: Trivia, { names, from }: Import): Doc {
  const items = names.map(({ name, as }) =>
    item({ start: name.span.start, end: (as ?? name).span.end }, () => [
      printName(trivia, name),
      as === undefined ? "" : [" as ", printName(trivia, as)],
    ]),
  );
  const end = trivia.closingAfter(items.at(-1)!.end);
  return ["import ", bracketed(trivia, curly, items, end), " from ", printRaw(trivia, from.span)];
}

function printDecl(trivia: Trivia, decl: Decl): Doc {
  const header = printHeader(trivia, decl);
  const body = decl.body.map((stmt) => item(stmt.span, () => printStatement(trivia, stmt)));
  return [header, braced(trivia, body, decl.span.end - 1)];
}

/** Prints everything up to the `{`: on one line if it fits, else with the constraints below, else with one parameter per line. */
function printHeader(trivia: Trivia, { kind, name, params, result, where, header }: Decl): Doc {
  const open = trivia.tokenAt(name.span.end);
  // Comments before a bracket stay there. After it, `##` would document the first parameter or statement.
  const start = [`${kind} `, printName(trivia, name), trivia.fixed(open)];
  const last = params.at(-1);
  const close = last === undefined ? trivia.tokenAt(open + 1) : trivia.closingAfter(last.span.end);
  const items = params.map((param) => item(param.span, () => printParam(trivia, param)));
  const parameters = inBrackets(trivia, round, items, close);
  const results = result === undefined ? "" : printResult(trivia, result);
  const constraints = where.length === 0 ? "" : indent([line, printWhere(trivia, where)]);
  const brace = trivia.tokenAt(header.end);
  const comments = trivia.has(brace) ? trivia.fixed(brace) : undefined;
  const id = Symbol("where");
  const space = comments ?? (where.length === 0 ? " " : ifBreak(hardline, " ", { groupId: id }));

  /** Lays out the header, always breaking the given part. */
  const layout = (broken?: "parameters" | "results" | "where"): Doc => [
    ...start,
    group(parameters, { shouldBreak: broken === "parameters" }),
    group(results, { shouldBreak: broken === "results" }),
    group(constraints, { shouldBreak: broken === "where", id }),
    space,
  ];
  if (utils.willBreak(parameters)) return layout("parameters");
  if (comments !== undefined || utils.willBreak([...start, results, constraints])) return layout();
  const states = [layout()];
  if (where.length > 0) states.push(layout("where"));
  // A single parameter is not worth breaking, but named results may be.
  else if (params.length < 2 && result?.kind === "named") states.push(layout("results"));
  return conditionalGroup([...states, layout("parameters")]);
}

function printParam(trivia: Trivia, param: Param): Doc {
  const name = [printName(trivia, param.name), ": "];
  if (param.kind === "tensor") return [...name, printTensor(trivia, param.type)];
  const value = param.default && [" = ", printExpression(trivia, param.default, places.anything)];
  return [...name, printChoices(trivia, param.choices), value ?? ""];
}

/** Prints `-> [n, c]` or `-> (a: [n, c], b: [n])`, with a space before it. */
function printResult(trivia: Trivia, result: Result): Doc {
  if (result.kind === "single") return [" -> ", printTensor(trivia, result.type)];
  const items = result.items.map(({ name, type }) =>
    item({ start: name.span.start, end: type.span.end }, () => [
      printName(trivia, name),
      ": ",
      printTensor(trivia, type),
    ]),
  );
  return [" -> ", trivia.within(result.span.start), inBrackets(trivia, round, items, result.span.end - 1)];
}

function printWhere(trivia: Trivia, where: readonly Where[]): Doc {
  const items = where.map(({ condition, if: only, span }) =>
    item({ start: trivia.firstIn(span), end: span.end }, () => [
      printExpression(trivia, condition, places.condition),
      only === undefined ? "" : [" if ", printExpression(trivia, only, places.condition)],
    ]),
  );
  return ["where ", group(indent(commaSeparated(trivia, items)))];
}

function printStatement(trivia: Trivia, stmt: Stmt): Doc {
  switch (stmt.kind) {
    case "layer":
      return ["layer ", printName(trivia, stmt.name), " = ", printExpression(trivia, stmt.value, places.statement)];
    case "weight":
    case "const":
      return [
        `${stmt.kind} `,
        printName(trivia, stmt.name),
        // After the colon, a comment would put the type on a new line, where its name could begin another statement.
        trivia.fixed(trivia.tokenAt(stmt.name.span.end)),
        ": ",
        printTensor(trivia, stmt.type),
        " = ",
        printExpression(trivia, stmt.value, places.statement),
      ];
    case "return": {
      const place = stmt.values.length === 1 ? places.statement : places.anything;
      const values = stmt.values.map((value) => expressionItem(trivia, value, place));
      if (stmt.values.length === 1) return ["return ", values[0]!.print()];
      return ["return ", group(indent(commaSeparated(trivia, values)))];
    }
    case "assign":
      return [printNames(trivia, stmt.names), " = ", printExpression(trivia, stmt.value, places.statement)];
  }
}

/** Prints the `a, b` before a `=` on one line. On a new line, the last name would begin a statement of its own. */
function printNames(trivia: Trivia, names: readonly Name[]): Doc {
  return names.map((name, i) => [
    printName(trivia, name),
    i < names.length - 1 ? [trivia.fixed(trivia.tokenAt(name.span.end)), ", "] : "",
  ]);
}
