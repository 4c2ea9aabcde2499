/** @file A program: its modules, facts about its blocks, the check of all worlds, and the models built from it. */
import { GraphBuilder } from "../ir/builder.ts";
import { operators, reservedAxisNames, symbols } from "../ops/table.ts";
import type { Expr, Name, Repeat } from "../parser/ast.ts";
import { expressions } from "../parser/walk.ts";
import { SizeTooLarge } from "../sizes/pool.ts";
import type { Size, SizeVar } from "../sizes/size.ts";
import { Sizes } from "../sizes/sizes.ts";
import { lexical } from "../source/catalogue/lexical.ts";
import { syntax } from "../source/catalogue/syntax.ts";
import type { Diagnostic } from "../source/diagnostic.ts";
import { Reporter } from "../source/reporter.ts";
import type { Context } from "./frame/frame.ts";
import { buildLimit, TooLong } from "./frame/too-long.ts";
import { instantiate, type Instance } from "./instantiate/instantiate.ts";
import type { Settings } from "./instantiate/settings.ts";
import { labelBody, type Labels } from "./text/labels.ts";
import { lint } from "./text/lint.ts";
import { libraryBlocks, loadModules, type Block, type Host, type Module } from "./text/modules.ts";
import { callees, recursiveBlocks } from "./text/recursion.ts";
import { definitions, isParameter, type Definition } from "./text/scope.ts";
import { readSignature, type Parameter, type Signature } from "./text/signature.ts";
import { bySummary } from "./worlds/call-by-summary.ts";
import { Summaries, worldLimit, type CheckedWorld } from "./worlds/explore.ts";
import { mergeWorlds } from "./worlds/merge.ts";

const tooLongHelps = ["declare fewer conditions, or split the block"];

export class Program {
  /** The main file comes last. */
  readonly modules: readonly Module[];
  /** Collects diagnostics from reading the files and their headers. */
  readonly #reporter = new Reporter();
  readonly #summaries: Summaries;
  readonly #signatures = new Map<Block, Signature>();
  readonly #labels = new Map<Block, Labels>();
  readonly #owners = new Map<Block, boolean>();
  readonly #recursive: ReadonlySet<Block>;
  readonly #context: Context;
  /** A variable for the index of each `repeat`, and for each unknown size, which the worlds of a block share. */
  readonly #indices = new Map<Repeat, SizeVar>();
  readonly #unknownSizes = new Map<string, Size>();
  /** Read when a name is not found. */
  #library: ReadonlyMap<string, string> | undefined;

  /** Reads a file and everything it imports. */
  constructor(path: string, text: string, host: Host) {
    const isOperator = (name: string) => (Object.hasOwn(operators, name) ? "operator" : undefined);
    this.modules = loadModules(path, text, host, isOperator, this.#reporter);
    this.#recursive = recursiveBlocks(this.modules, this.#reporter);
    const sizes = new Sizes();
    this.#summaries = new Summaries(() => this.#context, bySummary);
    this.#context = {
      sizes,
      builder: new GraphBuilder(sizes),
      operators,
      symbols,
      reservedAxes: reservedAxisNames,
      signature: (block) => this.#signature(block),
      ownsWeights: (block) => this.#ownsWeights(block),
      hidesCalls,
      labels: (frame) => this.#labelsOf(frame.block),
      indexOf: (repeat) => this.#indexOf(repeat),
      unknownSize: (...of) => this.#unknownSize(...of),
      libraryModule: (name) => (this.#library ??= libraryBlocks(host, path)).get(name),
    };
  }

  get main(): Module {
    return this.modules.at(-1)!;
  }

  get context(): Context {
    return this.#context;
  }

  /** The models of the main file, in order. */
  get models(): readonly Block[] {
    return [...this.main.blocks.values()].filter(({ decl }) => decl.kind === "model");
  }

  /** Returns every error and warning in every world of every block, in source order. */
  check(): readonly Diagnostic[] {
    const own = this.modules.filter((module) => module.path.endsWith(".fuse"));
    for (const module of own) {
      if (!this.#misread(module)) lint(module, this.#reporter);
      for (const block of module.blocks.values()) this.#limited(block, () => this.#checkBlock(block));
    }
    const order = new Map(this.modules.map((module, i) => [module.path, i]));
    const key = ({ span }: Diagnostic): number => (span === undefined ? 0 : span.start);
    const file = ({ span }: Diagnostic): number => (span === undefined ? -1 : (order.get(span.source.path) ?? -1));
    return [...this.#reporter.diagnostics].sort((a, b) => file(b) - file(a) || key(a) - key(b));
  }

  /** Returns the worlds of a block in order: every choice, and both sides of every open condition. */
  worlds(block: Block): readonly CheckedWorld[] {
    return this.choices(block).flatMap((choices) => this.#summaries.worlds(block, choices));
  }

  /** Returns every combination of enum and bool choices, including those that a `where` excludes. */
  choices(block: Block): ReadonlyMap<string, string>[] {
    const { parameters } = this.#signature(block);
    const finite = parameters.filter((parameter: Parameter) => parameter.choices.length > 0);
    return finite.reduce<Map<string, string>[]>(
      (all, { name, choices }) => all.flatMap((chosen) => choices.map((choice) => new Map(chosen).set(name, choice))),
      [new Map<string, string>()],
    );
  }

  /** Builds one instance of a model. The program must have passed the check. */
  instantiate(block: Block, settings: Settings): Instance {
    const before = this.#reporter.diagnostics.length;
    const build = (): Instance => instantiate(this.#context, block, settings);
    const instance = this.#limited(block, () => this.#context.sizes.pool.within({ left: buildLimit }, build));
    return instance ?? { graph: undefined, diagnostics: this.#reporter.diagnostics.slice(before) };
  }

  /** Turns an oversized header size, a stack overflow or endless work into an error of the block instead of a crash. */
  #limited<T>(block: Block, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const { name } = block.decl;
      if (error instanceof TooLong)
        this.#reporter.report("too-large", error.span, { what: error.message }, { helps: tooLongHelps });
      else if (error instanceof SizeTooLarge) this.#reporter.report("too-large", name.span, { what: error.message });
      else if (error instanceof RangeError && /stack/.test(error.message))
        this.#reporter.report("too-large", name.span, { what: "calls and brackets are nested too deep" });
      else throw error;
      return undefined;
    }
  }

  /** Whether parts of the file could not be parsed, in which case no name can be reported as unused. */
  #misread(module: Module): boolean {
    return this.#reporter.diagnostics.some(
      ({ code, span }) => span?.source === module.ast.span.source && (code in lexical || code in syntax),
    );
  }

  #checkBlock(block: Block): void {
    const signature = this.#signature(block);
    this.#labelsOf(block);
    if (this.#recursive.has(block) || signature.broken) return;
    const count = signature.parameters.reduce((product, { choices }) => product * BigInt(choices.length || 1), 1n);
    const { name } = block.decl;
    const many = signature.parameters.filter(({ choices }) => choices.length > 1);
    const product = many.map(({ name, choices }) => `${choices.length} of \`${name}\``).join(" * ");
    const tooMany = (count: string): void =>
      this.#reporter.report(
        "too-many-variants",
        name.span,
        { block: name.text, count, limit: String(worldLimit) },
        {
          notes: product === "" ? [] : [`choices: ${product}`],
          helps: ["split the block, or replace parameters that vary together by one"],
        },
      );
    if (count > worldLimit) return tooMany(String(count));
    const worlds = this.worlds(block);
    if (worlds.length > worldLimit) return tooMany(`more than ${worldLimit}`);
    for (const found of mergeWorlds(signature, worlds, this.#context.sizes)) this.#reporter.add(found);
  }

  #signature(block: Block): Signature {
    let signature = this.#signatures.get(block);
    if (signature === undefined) {
      signature = readSignature(block.decl, this.#context.reservedAxes, this.#reporter);
      if (this.#recursive.has(block)) signature = { ...signature, broken: true };
      this.#signatures.set(block, signature);
    }
    return signature;
  }

  #labelsOf(block: Block): Labels {
    let labels = this.#labels.get(block);
    if (labels === undefined) {
      const values = new Set(
        definitions(block.decl)
          .filter(isValue)
          .map(({ name }) => name.text),
      );
      labels = labelBody(block.decl.body, {
        owns: (callee) => this.#owns(block, callee),
        isValue: (name) => values.has(name.text),
        isModel: block.decl.kind === "model",
        reporter: block.module.path.endsWith(".fuse") ? this.#reporter : new Reporter(),
      });
      this.#labels.set(block, labels);
    }
    return labels;
  }

  #indexOf(repeat: Repeat): SizeVar {
    let variable = this.#indices.get(repeat);
    if (variable === undefined) {
      variable = this.#context.sizes.variable(repeat.index?.text ?? "i", { lower: 0n, time: "build" });
      this.#indices.set(repeat, variable);
    }
    return variable;
  }

  #unknownSize(key: string, text: string, lower: bigint, computed?: SizeVar["computed"]): Size {
    const { sizes } = this.#context;
    let size = this.#unknownSizes.get(key);
    if (size === undefined) {
      size = sizes.of(sizes.variable(text, { lower, time: "build", computed }));
      this.#unknownSizes.set(key, size);
    }
    return size;
  }

  /** Whether a call of this name owns weights in any world. */
  #owns(block: Block, callee: Name): boolean {
    const choices = block.decl.params.find((param) => param.kind === "attribute" && param.name.text === callee.text);
    const names = choices?.kind === "attribute" ? choices.choices.map((choice) => choice.text) : [callee.text];
    return names.some((name) => {
      if (Object.hasOwn(operators, name)) return operators[name]!.weights !== undefined;
      const target = block.module.visible.get(name);
      return target !== undefined && this.#ownsWeights(target);
    });
  }

  #ownsWeights(block: Block): boolean {
    if (this.#recursive.has(block)) return false;
    let owns = this.#owners.get(block);
    if (owns === undefined) {
      const calls = [...expressions(block.decl.body)].filter((expr) => expr.kind === "call");
      owns =
        block.decl.body.some((stmt) => stmt.kind === "weight") ||
        calls.some((call) => Object.hasOwn(operators, call.callee.text) && this.#owns(block, call.callee)) ||
        calls.some(
          (call) =>
            block.decl.params.some((param) => param.name.text === call.callee.text) && this.#owns(block, call.callee),
        ) ||
        callees(block).some((callee) => this.#ownsWeights(callee));
      this.#owners.set(block, owns);
    }
    return owns;
  }
}

/** Whether a name refers to a value, in which case a stage of this name is not a call. */
function isValue({ kind }: Definition): boolean {
  return kind !== "choice" && kind !== "layer";
}

function hidesCalls({ decl, module }: Block): boolean {
  const own = new Set(
    definitions(decl)
      .filter((one) => isParameter(one) || one.kind === "layer")
      .map(({ name }) => name.text),
  );
  const isKnown = (name: string) => Object.hasOwn(operators, name) || module.visible.has(name) || own.has(name);
  const isUnknown = (expr: Expr) =>
    expr.kind === "call" && (expr.args ?? expr.label) !== undefined && !isKnown(expr.callee.text);
  return decl.broken.length > 0 || [...expressions(decl.body)].some(isUnknown);
}
