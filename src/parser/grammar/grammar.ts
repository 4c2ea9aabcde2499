/** @file The grammar of edition 1, as Chevrotain rules. Statements, headers and imports are parsed separately: see outline.ts. */
import { CstParser, EOF, tokenMatcher, type CstNode, type ParserMethod, type TokenType } from "chevrotain";
import { expectations } from "./expected.ts";
import * as t from "./tokens.ts";

type Rule = ParserMethod<[], CstNode>;

/**
 * The grammar of edition 1. Operators are parsed as a flat sequence; expressions.ts applies precedence. A rule for each of the
 * seven levels would be three times slower and overflow the stack at 200 nested brackets.
 */
export class Grammar extends CstParser {
  /** With `validate`, throws an error that lists the mistakes in the rules. A test does so: it takes as long as all the rest. */
  constructor(validate = false) {
    super([...t.vocabulary], {
      nodeLocationTracking: "onlyOffset",
      maxLookahead: 2,
      errorMessageProvider: expectations,
      skipValidations: !validate,
    });
    this.performSelfAnalysis();
  }

  /** "fuse" INT */
  readonly edition: Rule = this.RULE("edition", () => {
    this.CONSUME(t.Fuse);
    this.CONSUME(t.Integer);
  });

  /** "import" "{" ID [ "as" ID ] { "," … } [ "," ] "}" "from" STRING */
  readonly import: Rule = this.RULE("import", () => {
    this.CONSUME(t.Import);
    this.CONSUME(t.LCurly);
    this.commaSeparated(this.importName);
    this.CONSUME(t.RCurly);
    this.CONSUME(t.From);
    this.CONSUME(t.StringLiteral);
  });

  readonly importName: Rule = this.RULE("importName", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.As);
      this.CONSUME2(t.Identifier);
    });
  });

  /** ( "block" | "model" ) ID "(" [ param { "," param } [ "," ] ] ")" [ "->" result ] [ where ], up to the body */
  readonly header: Rule = this.RULE("header", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Block) }, { ALT: () => this.CONSUME(t.Model) }]);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.LParen);
    this.OPTION(() => this.commaSeparated(this.param));
    this.CONSUME(t.RParen);
    this.OPTION2(() => {
      this.CONSUME(t.Arrow);
      this.SUBRULE(this.result);
    });
    this.OPTION3(() => this.SUBRULE(this.where));
  });

  /** ID ":" ( tensor | type [ "=" expr ] ) */
  readonly param: Rule = this.RULE("param", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.tensor) },
        {
          ALT: () => {
            this.SUBRULE(this.choices);
            this.OPTION(() => {
              this.CONSUME(t.Assign);
              this.SUBRULE(this.expression);
            });
          },
        },
      ],
      ERR_MSG: "a type such as `[n, c]`, `int` or `a | b`",
    });
  });

  readonly choices: Rule = this.RULE("choices", () => {
    this.SUBRULE(this.choice);
    this.MANY(() => {
      this.CONSUME(t.Bar);
      this.SUBRULE2(this.choice);
    });
  });

  readonly choice: Rule = this.RULE("choice", () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.Identifier) },
        { ALT: () => this.CONSUME(t.Integer) },
        { ALT: () => this.CONSUME(t.BoolLiteral) },
      ],
      ERR_MSG: "a name or an integer",
    });
  });

  /** [ ID ] "[" [ axis { "," axis } [ "," ] ] "]" */
  readonly tensor: Rule = this.RULE("tensor", () => {
    this.OPTION(() => this.CONSUME(t.Identifier));
    this.CONSUME(t.LSquare);
    this.OPTION2(() => this.commaSeparated(this.axis));
    this.CONSUME(t.RSquare);
  });

  /** axisSpec | "..." [ ID ] */
  readonly axis: Rule = this.RULE("axis", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.axisSpec) },
        {
          ALT: () => {
            this.CONSUME(t.Ellipsis);
            this.OPTION(() => this.CONSUME(t.Identifier));
          },
        },
      ],
      ERR_MSG: "an axis",
    });
  });

  /** ID [ ":" sum ] */
  readonly axisSpec: Rule = this.RULE("axisSpec", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.operation);
    });
  });

  /** tensor | "(" ID ":" tensor { "," ID ":" tensor } [ "," ] ")" */
  readonly result: Rule = this.RULE("result", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.tensor) },
        {
          ALT: () => {
            this.CONSUME(t.LParen);
            this.commaSeparated(this.resultItem);
            this.CONSUME(t.RParen);
          },
        },
      ],
      ERR_MSG: "a tensor type such as `[n, c]`",
    });
  });

  readonly resultItem: Rule = this.RULE("resultItem", () => {
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.tensor);
  });

  /** "where" or [ "if" or ] { "," or [ "if" or ] } */
  readonly where: Rule = this.RULE("where", () => {
    this.CONSUME(t.Where);
    this.SUBRULE(this.constraint);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE2(this.constraint);
    });
  });

  readonly constraint: Rule = this.RULE("constraint", () => {
    this.SUBRULE(this.operation);
    this.OPTION(() => {
      this.CONSUME(t.If);
      this.SUBRULE2(this.operation);
    });
  });

  /** "layer" ID "=" expr | ( "weight" | "const" ) ID ":" tensor "=" expr | "return" values | ID { "," ID } "=" expr */
  readonly statement: Rule = this.RULE("statement", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.layerStatement) },
      { ALT: () => this.SUBRULE(this.weightStatement) },
      { ALT: () => this.SUBRULE(this.returnStatement) },
      { ALT: () => this.SUBRULE(this.assignment) },
    ]);
  });

  readonly layerStatement: Rule = this.RULE("layerStatement", () => {
    this.CONSUME(t.Layer);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  readonly weightStatement: Rule = this.RULE("weightStatement", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Weight) }, { ALT: () => this.CONSUME(t.Const) }]);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.tensor);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  readonly returnStatement: Rule = this.RULE("returnStatement", () => {
    this.CONSUME(t.Return);
    this.SUBRULE(this.values);
  });

  /** expr { "," expr }. In an arm, a comma may also end the arm. */
  readonly values: Rule = this.RULE("values", () => {
    this.SUBRULE(this.expression);
    this.MANY({
      GATE: () => !this.endsArm(),
      DEF: () => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.expression);
      },
    });
  });

  readonly assignment: Rule = this.RULE("assignment", () => {
    this.CONSUME(t.Identifier);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Identifier);
    });
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  /** operation { "|>" stage } */
  readonly expression: Rule = this.RULE("expression", () => {
    this.operands();
    this.MANY2(() => {
      this.CONSUME(t.Pipe);
      this.SUBRULE(this.stage);
    });
  });

  /** Operands with operators between them: `or` or `sum`. */
  readonly operation: Rule = this.RULE("operation", () => this.operands());

  /** [ "not" ] { "-" } ( primary | repeat | tensors ) */
  readonly operand: Rule = this.RULE("operand", () => {
    this.OPTION(() => this.CONSUME(t.Not));
    this.MANY(() => this.CONSUME(t.Minus));
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.NumberLiteral) },
        { ALT: () => this.CONSUME(t.Inf) },
        { ALT: () => this.CONSUME(t.BoolLiteral) },
        { GATE: () => this.isRepeat(), ALT: () => this.SUBRULE(this.repeat), IGNORE_AMBIGUITIES: true },
        { ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.SUBRULE(this.match) },
        { ALT: () => this.SUBRULE(this.if) },
        { GATE: () => this.isTensors(), ALT: () => this.SUBRULE(this.tensors), IGNORE_AMBIGUITIES: true },
        {
          ALT: () => {
            this.CONSUME(t.LParen);
            this.SUBRULE(this.expression);
            this.CONSUME(t.RParen);
          },
        },
        { ALT: () => this.SUBRULE(this.list) },
      ],
      ERR_MSG: "an expression",
    });
  });

  /** "[" [ expr { "," expr } [ "," ] ] "]" */
  readonly list: Rule = this.RULE("list", () => {
    this.CONSUME(t.LSquare);
    this.OPTION(() => this.commaSeparated(this.expression));
    this.CONSUME(t.RSquare);
  });

  /** "(" expr "," expr { "," expr } [ "," ] ")": the tensors that begin a pipeline. */
  readonly tensors: Rule = this.RULE("tensors", () => {
    this.CONSUME(t.LParen);
    this.commaSeparated(this.expression);
    this.CONSUME(t.RParen);
  });

  /** repeat | call | match | if */
  readonly stage: Rule = this.RULE("stage", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.repeat), IGNORE_AMBIGUITIES: true },
        { ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.SUBRULE(this.match) },
        { ALT: () => this.SUBRULE(this.if) },
      ],
      ERR_MSG: "a call",
    });
  });

  /** "repeat" "(" [ ID ":" ] sum ")" ( call | "(" expr ")" [ LABEL ] ) */
  readonly repeat: Rule = this.RULE("repeat", () => {
    this.CONSUME(t.Repeat);
    this.CONSUME(t.LParen);
    this.OPTION(() => {
      this.CONSUME(t.Identifier);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.operation);
    this.CONSUME(t.RParen);
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.call) },
        {
          ALT: () => {
            this.CONSUME2(t.LParen);
            this.SUBRULE(this.expression);
            this.CONSUME2(t.RParen);
            this.OPTION2(() => this.CONSUME(t.Label));
          },
        },
      ],
      ERR_MSG: "a call",
    });
  });

  /** ID [ "(" [ arg { "," arg } [ "," ] ] ")" ] { "." ID } [ LABEL ] */
  readonly call: Rule = this.RULE("call", () => {
    this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.LParen);
      this.OPTION2(() => this.commaSeparated(this.arg));
      this.CONSUME(t.RParen);
    });
    this.MANY(() => {
      this.CONSUME(t.Dot);
      this.CONSUME2(t.Identifier);
    });
    this.OPTION4(() => this.CONSUME(t.Label));
  });

  /** ID ":" expr | expr [ "->" axisGroup ] */
  readonly arg: Rule = this.RULE("arg", () => {
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Identifier);
            this.CONSUME(t.Colon);
            this.SUBRULE(this.expression);
          },
        },
        {
          ALT: () => {
            this.SUBRULE2(this.expression);
            this.OPTION(() => {
              this.CONSUME(t.Arrow);
              this.SUBRULE(this.axisGroup);
            });
          },
        },
      ],
      ERR_MSG: "an argument",
    });
  });

  /** axisSpec | "[" axisSpec { "," axisSpec } [ "," ] "]" */
  readonly axisGroup: Rule = this.RULE("axisGroup", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.axisSpec) },
        {
          ALT: () => {
            this.CONSUME(t.LSquare);
            this.commaSeparated(this.axisSpec);
            this.CONSUME(t.RSquare);
          },
        },
      ],
      ERR_MSG: "an axis or a list of axes",
    });
  });

  /** "match" or "{" { arm } "}" */
  readonly match: Rule = this.RULE("match", () => {
    this.CONSUME(t.Match);
    this.SUBRULE(this.operation);
    this.CONSUME(t.LCurly);
    this.MANY(() => this.SUBRULE(this.arm));
    this.CONSUME(t.RCurly);
  });

  /** choice { "|" choice } "=>" values [ "," ] */
  readonly arm: Rule = this.RULE("arm", () => {
    this.SUBRULE(this.choices);
    this.CONSUME(t.FatArrow);
    this.SUBRULE(this.values);
    this.OPTION(() => this.CONSUME(t.Comma));
  });

  /** "if" or "{" values "}" { "else" "if" or "{" values "}" } "else" "{" values "}" */
  readonly if: Rule = this.RULE("if", () => {
    this.CONSUME(t.If);
    this.SUBRULE(this.branch);
    this.MANY(() => {
      this.CONSUME(t.Else);
      this.CONSUME2(t.If);
      this.SUBRULE2(this.branch);
    });
    this.CONSUME2(t.Else);
    this.CONSUME(t.LCurly);
    this.SUBRULE(this.values);
    this.CONSUME(t.RCurly);
  });

  readonly branch: Rule = this.RULE("branch", () => {
    this.SUBRULE(this.operation);
    this.CONSUME(t.LCurly);
    this.SUBRULE(this.values);
    this.CONSUME(t.RCurly);
  });

  /** Whether the next token is a comma after which an arm begins or the `match` ends. */
  private endsArm(): boolean {
    const [first, second] = [this.LA(2), this.LA(3)];
    const isChoice = [t.Identifier, t.Integer, t.BoolLiteral].some((type) => tokenMatcher(first, type));
    return first.tokenType === t.RCurly || (isChoice && [t.FatArrow, t.Bar].includes(second.tokenType));
  }

  private operands(): void {
    this.SUBRULE(this.operand);
    this.MANY(() => {
      this.CONSUME(t.BinaryOperator);
      this.SUBRULE2(this.operand);
    });
  }

  /** Whether the next token opens the list of tensors that begins a pipeline: brackets with a comma, and `|>` after them. */
  private isTensors(): boolean {
    const { after, hasComma } = this.brackets(1);
    return hasComma && after === t.Pipe;
  }

  /** Whether the next tokens are `repeat(n)` with a step after it, rather than a call of a layer with that name. */
  private isRepeat(): boolean {
    if (this.LA(1).tokenType !== t.Repeat) return false;
    const { after } = this.brackets(2);
    return after === t.LParen || after === t.Identifier || after?.CATEGORIES?.includes(t.Identifier) === true;
  }

  /** Returns the token after the brackets that begin at a token, if they do, and whether a comma is directly inside them. */
  private brackets(from: number): { readonly after?: TokenType; readonly hasComma: boolean } {
    let depth = 0;
    let hasComma = false;
    for (let at = from; this.LA(at).tokenType !== EOF; at++) {
      const { tokenType } = this.LA(at);
      if (at === from && tokenType !== t.LParen) break;
      if (tokenType === t.LParen || tokenType === t.LSquare || tokenType === t.LCurly) depth++;
      else if (tokenType === t.RParen || tokenType === t.RSquare || tokenType === t.RCurly) depth--;
      else if (tokenType === t.Comma && depth === 1) hasComma = true;
      if (depth === 0) return { after: this.LA(at + 1).tokenType, hasComma };
    }
    return { hasComma };
  }

  /** item { "," item } [ "," ] */
  private commaSeparated(item: Rule): void {
    this.SUBRULE8(item);
    this.MANY8(() => {
      this.CONSUME8(t.Comma);
      this.SUBRULE9(item);
    });
    this.OPTION9(() => this.CONSUME9(t.Comma));
  }
}

export type RuleName = {
  [K in keyof Grammar]: Grammar[K] extends Rule ? K : never;
}[keyof Grammar];
