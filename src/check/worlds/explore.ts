/** @file Checks a block on its own: every world, with its results and its requirements of the caller. */
import type { TensorType } from "../../ir/type.ts";
import type { Relation } from "../../sizes/relation.ts";
import { TooManySteps, type Budget } from "../../sizes/pool.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import { runBody } from "../evaluate/body.ts";
import { declaredResults } from "../evaluate/types.ts";
import type { CallStrategy, Context } from "../frame/frame.ts";
import { checkLimit, TooLong } from "../frame/too-long.ts";
import type { OwnedWeight, Requirement } from "../frame/world.ts";
import type { Block } from "../text/modules.ts";
import { checkDefaults } from "./defaults.ts";
import { openFrame, symbolic } from "./entry-frame.ts";
import { checkResults } from "./results.ts";
import { checkSolvable, signatureVariables } from "./size-variables.ts";

/** The most worlds of one block that are explored. */
export const worldLimit = 256;

/** One world of a block, after checking. */
export interface CheckedWorld {
  readonly choices: ReadonlyMap<string, string>;
  readonly assumptions: readonly Relation[];
  /** The result types in the block's size variables; undefined where a type is unknown. */
  readonly results: readonly (TensorType | undefined)[] | undefined;
  readonly requirements: readonly Requirement[];
  /**
   * The block's own weights and those of the blocks it calls, in the block's size variables and in order of evaluation.
   */
  readonly weights: readonly OwnedWeight[];
  /** The sums in their paths, by their texts, in the block's size variables. */
  readonly sums: ReadonlyMap<string, Size>;
  readonly diagnostics: readonly Diagnostic[];
}

export class Summaries {
  readonly #context: () => Context;
  readonly #strategy: (summaries: Summaries) => CallStrategy;
  readonly #worlds = new Map<string, CheckedWorld[]>();
  readonly #variables = new Map<Block, Map<string, SizeVar>>();
  readonly #keys = new Map<Block, number>();
  readonly #budgets = new Map<Block, Budget>();
  /** Blocks whose check took too long. */
  readonly #tooLong = new Map<Block, TooLong>();

  /** The strategy carries out calls in the blocks that are checked, using the summaries of their callees. */
  constructor(context: () => Context, strategy: (summaries: Summaries) => CallStrategy) {
    this.#context = context;
    this.#strategy = strategy;
  }

  variables(block: Block): Map<string, SizeVar> {
    let variables = this.#variables.get(block);
    if (variables === undefined)
      this.#variables.set(block, (variables = signatureVariables(this.#context(), this.#context().signature(block))));
    return variables;
  }

  /** Returns the worlds of a block for one set of choices: one, or more if conditions on sizes stay open. */
  worlds(block: Block, choices: ReadonlyMap<string, string>): readonly CheckedWorld[] {
    if (!this.#keys.has(block)) this.#keys.set(block, this.#keys.size);
    const key = `${this.#keys.get(block)}|${[...choices].map((pair) => pair.join("=")).join()}`;
    let worlds = this.#worlds.get(key);
    if (worlds === undefined) this.#worlds.set(key, (worlds = this.#bounded(block, choices)));
    return worlds;
  }

  /** Explores within the budget that all choices of a block share. */
  #bounded(block: Block, choices: ReadonlyMap<string, string>): CheckedWorld[] {
    const failed = this.#tooLong.get(block);
    if (failed !== undefined) throw failed;
    const budget = this.#budgets.get(block) ?? { left: checkLimit };
    this.#budgets.set(block, budget);
    try {
      return this.#context().sizes.pool.within(budget, () => this.#explore(block, choices));
    } catch (error) {
      if (error instanceof TooManySteps) throw this.#failed(block, new TooLong(block.decl.header));
      throw error instanceof TooLong ? this.#failed(block, error) : error;
    }
  }

  #failed(block: Block, error: TooLong): TooLong {
    this.#tooLong.set(block, error);
    return error;
  }

  #explore(block: Block, choices: ReadonlyMap<string, string>): CheckedWorld[] {
    const context = this.#context();
    const variables = this.variables(block);
    const found: CheckedWorld[] = [];
    const open: (readonly Relation[])[] = [[]];
    // Goes one past the limit, so that the caller can tell it was exceeded.
    while (open.length > 0 && found.length <= worldLimit) {
      const assumptions = open.pop()!;
      const opened = openFrame(context, {
        block,
        choices,
        assumptions,
        strategy: this.#strategy(this),
        variables,
        parameter: symbolic(context, block, variables, choices),
      });
      if (opened === undefined) continue;
      const { frame } = opened;
      checkSolvable(frame, variables);
      checkDefaults(frame);
      // Under a header with mistakes, the body may be right.
      const results = frame.world.reporter.failed ? undefined : runBody(frame);
      const declared = declaredResults(frame, opened.open);
      const types = results?.map(({ value }) => value?.type);
      if (results !== undefined && declared !== undefined) checkResults(frame, declared, results);
      open.push(...frame.world.others);
      if (frame.world.others.length > 0 && frame.world.reporter.errors > 0) {
        // The errors may go away when all assumptions hold from the start, so check this world again.
        open.push(frame.world.assumptions);
        continue;
      }
      found.push({
        choices,
        assumptions: frame.world.assumptions,
        results: declared ?? types,
        requirements: frame.world.requirements,
        weights: frame.world.weights,
        sums: frame.world.sums,
        diagnostics: frame.world.diagnostics,
      });
    }
    return found;
  }
}
