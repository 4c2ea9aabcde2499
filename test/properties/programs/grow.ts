/** @file Grows a random program statement by statement. The checker says which proposals are well-typed. */
import type { Attribute } from "../../../src/ir/attribute.ts";
import { families, operators } from "../../../src/ops/table.ts";
import { chanceOf, type Chance } from "./chance.ts";
import {
  checked,
  isBuildable,
  paramsText,
  resultsText,
  sameType,
  suggestion,
  type Checked,
  type Draft,
  type Param,
  type Routine,
  type Statement,
} from "./draft.ts";
import { freshInput, inBrackets, portText, solve, type Value } from "./inputs.ts";
import { verifyRefusal } from "./refusals.ts";
import {
  fill,
  libraryTemplates,
  operatorTemplates,
  readTemplate,
  type Port,
  type Template,
  stageOf,
} from "./templates.ts";

/** Operators that a program uses more often than others; `only` leaves out weights, layers and the library. */
interface Favourites {
  readonly names: readonly string[];
  readonly only: boolean;
}

/** What a proposal adds to a routine. */
interface Proposal {
  readonly code: string;
  readonly uses: readonly string[];
  readonly tensors: readonly Param[];
  readonly settings: readonly Param[];
  readonly results: number;
  /** A layer or weight that the code uses. */
  readonly owned?: Statement | undefined;
  /** Values that come with the new tensors. */
  readonly inputs: readonly Value[];
}

const templates = operatorTemplates();
const fromLibrary = libraryTemplates();
const names = [...templates.keys()];
const themes = Object.keys(families);

/** Grows the program of a seed. Half of its operators are favourites: those of a family, unless others are given. */
export function grow(seed: number, given?: readonly string[]): Draft {
  const chance = chanceOf(seed);
  const family = chance.is(0.5) ? families[chance.pick(themes)]!.map(({ name }) => name) : names;
  const favourites = { names: given ?? family, only: given !== undefined };
  const blocks: Routine[] = [];
  const calls: Template[] = [];
  for (let i = chance.pick([0, 1, 1, 2, 3]); i > 0; i--) {
    const block = new Growing(`Part${i}`, chance, favourites, blocks, calls).grow(1 + chance.below(3));
    if (block === undefined) continue;
    blocks.push(block);
    calls.push(callOf(block));
  }
  const model = new Growing("Net", chance, favourites, blocks, calls).grow(2 + chance.below(5));
  return model === undefined ? grow(seed + 2 ** 24, given) : [...blocks, model];
}

/** Returns the call of a block. Its settings keep their defaults, unless a hole is filled. */
function callOf(block: Routine): Template {
  const tensors = block.tensors.map(({ name }) => name);
  const settings = block.settings.map((setting) => `, ${setting.name}: ${defaultOf(setting)}`);
  const code = `${block.name}(${tensors.join(", ")}${settings.join("")})`;
  return readTemplate(block.name, { code, inputs: paramsText(block) }, block.results.length);
}

const defaultOf = ({ text }: Param): string => text.slice(text.indexOf("=") + 2);

/** Values to try for attributes. The checker knows which ones are right where. */
const valuesOf: Partial<Record<Attribute["kind"], readonly string[]>> = {
  bool: ["true", "false"],
  padding: ["same", "same_tf", "0", "1", "[[1, 0], [0, 1]]"],
  size: ["1", "2", "3"],
  sizes: ["1", "2", "3"],
};

class Growing {
  readonly #name: string;
  readonly #chance: Chance;
  readonly #favourites: Favourites;
  /** The finished blocks, and their calls. A new one may be added while a routine grows. */
  readonly #blocks: Routine[];
  readonly #calls: Template[];
  readonly #values: Value[] = [];
  #tensors: readonly Param[] = [];
  #settings: readonly Param[] = [];
  #where: readonly string[] = [];
  #statements: readonly Statement[] = [];
  #count = 0;

  constructor(name: string, chance: Chance, favourites: Favourites, blocks: Routine[], calls: Template[]) {
    this.#name = name;
    this.#chance = chance;
    this.#favourites = favourites;
    this.#blocks = blocks;
    this.#calls = calls;
  }

  /** Adds about this many statements; undefined if no proposal was accepted. */
  grow(size: number): Routine | undefined {
    for (let tries = 3 * size; tries > 0 && this.#statements.length < size; tries--) {
      const proposal = this.#proposal();
      if (proposal !== undefined) this.#propose(proposal);
      if (this.#chance.is(0.25)) this.#proposeFact();
    }
    if (this.#statements.length === 0) return undefined;
    const used = new Set(this.#statements.flatMap(({ uses }) => uses));
    const last = this.#values.filter(({ name, isUniform }) => isUniform && !used.has(name));
    const results = last.filter(({ name }) => /^v/.test(name)).map(({ name }) => name);
    if (results.length === 0) return undefined;
    const routine = this.#routine(results.slice(-3));
    if (this.#name === "Net" || this.#chance.is(0.5)) return routine;
    const found = checked([...this.#blocks, routine]);
    const declared = resultsText(found, routine.results);
    if (declared === undefined) return routine;
    const typed = { ...routine, declared };
    return checked([...this.#blocks, typed]).errors.length === 0 ? typed : routine;
  }

  #routine(results: readonly string[], change: Partial<Routine> = {}): Routine {
    return {
      name: this.#name,
      tensors: this.#tensors,
      settings: this.#settings,
      where: this.#where,
      statements: this.#statements,
      results,
      ...change,
    };
  }

  #accepts(routine: Routine): Checked | undefined {
    const draft = [...this.#blocks, routine];
    const found = checked(draft);
    if (found.errors.length > 0) {
      verifyRefusal(draft, found);
      return undefined;
    }
    return this.#name === "Net" && !isBuildable(found) ? undefined : found;
  }

  #propose({ code, uses, tensors, settings, results, owned, inputs }: Proposal): void {
    const names = Array.from({ length: results }, () => `v${this.#count++}`);
    const statement: Statement = { names, code: `${names.join(", ")} = ${code}`, uses };
    const grown: Partial<Routine> = {
      tensors: [...this.#tensors, ...tensors],
      settings: [...this.#settings, ...settings],
      statements: [...this.#statements, ...(owned === undefined ? [] : [owned]), statement],
    };
    let routine = this.#routine(names, grown);
    let found = this.#accepts(routine);
    if (found === undefined && this.#chance.is(0.5)) {
      // Messages suggest facts that make a program right.
      const suggested = suggestion([...this.#blocks, routine]);
      if (suggested === undefined) return;
      routine = { ...routine, where: [...this.#where, suggested] };
      found = this.#accepts(routine);
    }
    if (found === undefined) return;
    this.#tensors = routine.tensors;
    this.#settings = routine.settings;
    this.#where = routine.where;
    this.#statements = routine.statements;
    this.#values.push(...inputs);
    const { sizes } = found.program.context;
    names.forEach((name, i) => {
      const type = found.worlds[0]?.results?.[i];
      if (type === undefined) return;
      const axes = new Map([...type.axes].map(([axis, size]) => [axis, sizes.print(size)]));
      this.#values.push({ name, dtype: type.dtype, axes, isUniform: sameType(found, i) !== undefined });
    });
  }

  /** Adds a random condition on the sizes and settings of the signature. */
  #proposeFact(): void {
    const chance = this.#chance;
    const variables = this.#variables();
    const last = this.#statements.at(-1);
    if (variables.length === 0 || last === undefined) return;
    const [a, b] = [chance.pick(variables), chance.pick(variables)];
    const n = 1 + chance.below(6);
    const fact = chance.pick([
      `${a} >= ${n}`,
      `${a} >= ${n}, ${a} <= ${n + 1 + (n % 3)}`,
      `${a} <= ${n + 4}`,
      `${a} != ${n}`,
      `${a} % ${1 + (n % 3)} == 0`,
      `${a} == ${b}`,
      `${a} >= ${b}`,
      `${a} + ${b} >= ${n}`,
      `${a} < 2 * ${b}`,
      `ceil(${a} / 2) >= ${1 + (n % 3)}`,
      `${a} == ${n} or ${a} >= ${n + 2}`,
      `${a} == ${n} or ${a} == ${2 * n}`,
      `${a} % 2 == 0 or (${b} % 3 == 0 and ${a} >= ${n})`,
      `${a} > ${n} and ${b} < ${n + 5}`,
    ]);
    const enums = this.#settings.filter(({ text }) => /: (?:bool|first)/.test(text));
    const condition = chance.is(0.3) && enums.length > 0 ? chance.pick(enums) : undefined;
    const holds = condition && (/: bool/.test(condition.text) ? condition.name : `${condition.name} == first`);
    const routine = this.#routine(last.names, { where: [...this.#where, holds ? `${fact} if ${holds}` : fact] });
    if (last.names.length > 0 && this.#accepts(routine) !== undefined) this.#where = routine.where;
  }

  /** The size variables of the signature, and its integer settings. */
  #variables(): readonly string[] {
    const sizes = this.#values.filter(({ name }) => /^x/.test(name)).flatMap(({ axes }) => [...axes.values()]);
    const variables = sizes
      .flatMap((size) => size.match(/[a-z_]\w*/g) ?? [])
      .filter((name) => !/^(ceil|floor)$/.test(name));
    return [
      ...new Set([...variables, ...this.#settings.filter(({ text }) => /: int/.test(text)).map(({ name }) => name)]),
    ];
  }

  #proposal(): Proposal | undefined {
    const chance = this.#chance;
    const kind = chance.random();
    if (kind < 0.08) return this.#matched();
    if (kind < 0.16) return this.#scaled();
    if (kind < 0.24) return this.#repeated();
    if (kind < 0.36 && this.#calls.length > 0) return this.#applied(chance.pick(this.#calls));
    if (kind < 0.5 && !this.#favourites.only)
      return kind < 0.41 ? this.#weighted() : kind < 0.46 ? this.#shared() : this.#applied(chance.pick(fromLibrary));
    // Of several, one that fits a value that was computed.
    const some = Array.from({ length: 6 }, () =>
      chance.pick(templates.get(chance.pick(chance.is(0.5) ? this.#favourites.names : names))!),
    );
    const fitting = chance.is(0.75)
      ? some.find((template) => template.ports.some((port) => this.#fitting(port).length > 0))
      : undefined;
    const template = fitting ?? some[0]!;
    return chance.is(0.15) ? this.#wrapped(template) : this.#applied(template);
  }

  /** Returns the computed values that have the axes of a port. */
  #fitting({ dtype, axes }: Port): readonly Value[] {
    const fits = (value: Value) => value.dtype === dtype && axes.every(({ axis }) => value.axes.has(axis));
    return this.#values.filter((value) => /^v/.test(value.name) && fits(value));
  }

  /** Writes a call with values in scope, or with new inputs. */
  #applied(template: Template, first?: Value): Proposal {
    const chance = this.#chance;
    const bound = new Map<string, string>();
    const chosen = new Map<string, string>();
    const tensors: Param[] = [];
    const inputs: Value[] = [];
    for (const port of template.ports) {
      const fitting = this.#fitting(port);
      const given = this.#values.filter(
        ({ dtype, axes }) => dtype === port.dtype && port.axes.every(({ axis }) => axes.has(axis)),
      );
      const value =
        first !== undefined && chosen.size === 0
          ? first
          : fitting.length > 0 && chance.is(0.8)
            ? chance.pick(fitting.slice(-2))
            : given.length > 0 && (chance.is(0.3) || this.#tensors.length + tensors.length > 4)
              ? chance.pick(given)
              : undefined;
      if (value !== undefined) {
        chosen.set(port.name, value.name);
        for (const { axis, size } of port.axes) solve(axis, size, value.axes.get(axis) ?? "1", bound);
      } else {
        const made = freshInput(port, `x${this.#tensors.length + tensors.length}`, bound, chance);
        tensors.push({ name: made.name, text: made.text });
        inputs.push(made);
        chosen.set(port.name, made.name);
      }
    }
    const settings: Param[] = [];
    const code = fill(template, ({ kind, text }) => {
      if (kind === "tensor") return chosen.get(text);
      if (kind === "size") return bound.has(text) ? inBrackets(bound.get(text)!) : undefined;
      if (chance.is(0.1)) return this.#setting(Number(text), settings);
      return chance.is(0.1) ? String(1 + chance.below(4)) : undefined;
    });
    const label = template.owns && chance.is(0.5) && code.endsWith(")") ? ` @l${this.#count}` : "";
    return {
      code: this.#varied(template.name, code) + label,
      uses: [...chosen.values(), template.name],
      tensors,
      settings,
      results: template.results,
      inputs,
    };
  }

  /** Adds attributes that the record of an operator declares. */
  #varied(name: string, code: string): string {
    const chance = this.#chance;
    const record = Object.hasOwn(operators, name) ? operators[name] : undefined;
    if (record === undefined || !code.startsWith(`${name}(`) || !code.endsWith(")")) return code;
    const more = Object.entries(record.attributes).flatMap(([attribute, { kind, choices }]) => {
      const values = choices.length > 0 ? choices : (valuesOf[kind] ?? []);
      const isGiven = new RegExp(`\\b${attribute}: `).test(code);
      return values.length === 0 || isGiven || !chance.is(0.15) ? [] : [`, ${attribute}: ${chance.pick(values)}`];
    });
    return code.slice(0, -1) + more.join("") + ")";
  }

  /** Returns an integer setting, an earlier one or a new one with this default. */
  #setting(value: number, made: Param[]): string {
    const known = [...this.#settings, ...made].filter(({ text }) => /: int/.test(text));
    const setting = known.length > 0 && this.#chance.is(0.5) ? this.#chance.pick(known) : undefined;
    if (setting !== undefined)
      return this.#chance.pick([setting.name, setting.name, `(${setting.name} + 1)`, `(2 * ${setting.name})`]);
    const name = `k${this.#settings.length + made.length}`;
    if (!this.#favourites.only && this.#chance.is(0.2)) {
      made.push({ name, text: `${name}: float = ${value / 4}` });
      return `floor(4 * ${name})`;
    }
    made.push({ name, text: `${name}: int = ${value}` });
    return name;
  }

  /** Two calls on the same value, of which a setting selects one. */
  #matched(): Proposal | undefined {
    const chance = this.#chance;
    const value = this.#values.length === 0 ? undefined : chance.pick(this.#values);
    const one = value && this.#unaryOf(value);
    const other = value && this.#unaryOf(value);
    if (value === undefined || one === undefined || other === undefined) return undefined;
    const [a, b] = [this.#applied(one, value), this.#applied(other, value)];
    if (a.results > 1 || b.results > 1) return undefined;
    const known = this.#settings.filter(({ text }) => /: (?:bool|first)/.test(text));
    const name = `s${this.#settings.length}`;
    const setting =
      known.length > 0 && chance.is(0.4)
        ? chance.pick(known)
        : {
            name,
            text: chance.is(0.5)
              ? `${name}: bool = ${chance.is(0.5)}`
              : `${name}: first | second = ${chance.pick(["first", "second"])}`,
          };
    const isBool = /: bool/.test(setting.text);
    const code = isBool
      ? `if ${setting.name} { ${a.code} } else { ${b.code} }`
      : `match ${setting.name} { first => ${a.code}, second => ${b.code} }`;
    if (a.tensors.length + b.tensors.length + a.settings.length + b.settings.length > 0) return undefined;
    return { ...a, code, uses: [...a.uses, ...b.uses], settings: known.includes(setting) ? [] : [setting] };
  }

  /** A template of one tensor that may fit a value. */
  #unaryOf({ dtype, axes }: Value): Template | undefined {
    const all = [...templates.values()]
      .flat()
      .filter(
        ({ ports }) =>
          ports.length === 1 && ports[0]!.dtype === dtype && ports[0]!.axes.every(({ axis }) => axes.has(axis)),
      );
    return all.length === 0 ? undefined : this.#chance.pick(all);
  }

  /** A value times a size, plus a size, or the like. */
  #scaled(): Proposal | undefined {
    const chance = this.#chance;
    const variables = this.#variables();
    const values = this.#values.filter(({ dtype }) => dtype !== "bool");
    if (values.length === 0 || variables.length === 0) return undefined;
    const value = chance.pick(values.slice(-3));
    const [a, b] = [chance.pick(variables), chance.pick(variables)];
    const size = chance.pick([
      a,
      `(${a} + ${b})`,
      `(${a} * ${b})`,
      `(${a} * ${a} * ${b} * ${b})`,
      `(${a} * ${a} * ${a} * ${a})`,
      `ceil(${a} / 2)`,
      `floor(${a} / 3)`,
    ]);
    const call = chance.pick(["*", "/", "+", "-"]);
    const factor: Param | undefined =
      value.dtype === "f32" && !this.#favourites.only && chance.is(0.3)
        ? {
            name: `f${this.#settings.length}`,
            text: `f${this.#settings.length}: float = ${chance.pick(["0.5", "-1.25", "3", "1e-3"])}`,
          }
        : undefined;
    return {
      code: `${value.name} ${call} ${factor?.name ?? size}`,
      uses: [value.name],
      tensors: [],
      settings: factor === undefined ? [] : [factor],
      results: 1,
      inputs: [],
    };
  }

  /** A value with a weight or constant that has some of its axes, whose sizes are known when the model is built. */
  #weighted(): Proposal | undefined {
    const chance = this.#chance;
    const settings = new Set(this.#settings.map(({ name }) => name));
    const isKnown = (size: string): boolean => (size.match(/[a-z_]\w*/g) ?? []).every((name) => settings.has(name));
    const values = this.#values.flatMap((value) => {
      const known = [...value.axes].filter(([, size]) => isKnown(size));
      return value.dtype !== "bool" && known.length > 0 ? [{ value, known }] : [];
    });
    if (values.length === 0) return undefined;
    const { value, known } = chance.pick(values);
    const axes = known.filter((_, i) => i === 0 || chance.is(0.5)).map(([axis, size]) => `${axis}: ${size}`);
    const name = `w${this.#count}`;
    const dtype = value.dtype === "f32" ? "" : value.dtype;
    const statement = chance.pick([
      `weight ${name}: ${dtype}[${axes.join(", ")}] = ones`,
      `const ${name}: ${dtype}[${axes.join(", ")}] = 2`,
    ]);
    const owned = { names: [], code: statement, uses: [] };
    const products = value.dtype === "f32" ? [`dot(${name}, ${value.name}, contract: ${known[0]![0]})`] : [];
    const code = chance.pick([`${value.name} * ${name}`, `${value.name} - ${name} * ${name}`, ...products]);
    return { code, uses: [value.name, name], tensors: [], settings: [], results: 1, owned, inputs: [] };
  }

  /** A layer, applied to a value and to its result, or once. */
  #shared(): Proposal | undefined {
    const chance = this.#chance;
    const value = this.#values.length === 0 ? undefined : chance.pick(this.#values.slice(-3));
    const blocks = [...this.#calls, ...fromLibrary].filter(({ ports, results }) => ports.length === 1 && results === 1);
    const weighty = [...templates.values()].flat().filter(({ ports, owns }) => owns && ports.length === 1);
    const template = chance.pick(chance.is(0.5) && blocks.length > 0 ? blocks : weighty);
    const step = stageOf(template, undefined, chance);
    if (value === undefined || step === undefined) return undefined;
    const name = `l${this.#count}`;
    const owned = { names: [], code: `layer ${name} = ${step}`, uses: [template.name] };
    const code = chance.pick([
      `${name}(${value.name})`,
      `${name}(${value.name}) |> ${name}`,
      `${value.name} |> ${name} + ${name}(${value.name})`,
    ]);
    return { code, uses: [value.name, name, template.name], tensors: [], settings: [], results: 1, owned, inputs: [] };
  }

  /** A repeated operator, block or chain of two, perhaps with an index; or a block that takes all its results again. */
  #repeated(): Proposal | undefined {
    const chance = this.#chance;
    const several = this.#calls.filter(({ ports, results }) => ports.length > 1 && results === ports.length);
    if (several.length > 0 && chance.is(0.3)) return this.#repeatedWithAll(chance.pick(several));
    const value = this.#values.length === 0 ? undefined : chance.pick(this.#values.slice(-3));
    const blocks = this.#calls.filter(({ ports, results }) => ports.length === 1 && results === 1);
    const pick = () => value && (blocks.length > 0 && chance.is(0.5) ? chance.pick(blocks) : this.#unaryOf(value));
    const [first, second] = [pick(), chance.is(0.5) ? pick() : undefined];
    if (value === undefined || first === undefined || first.results > 1 || (second?.results ?? 1) > 1) return undefined;
    const index = chance.is(0.5) ? "i" : undefined;
    const steps = [first, second].flatMap((template) =>
      template === undefined ? [] : [stageOf(template, index, chance)],
    );
    const count = this.#repetitions();
    if (count === undefined || !steps.every((step) => step !== undefined)) return undefined;
    // Whether a block owns weights is not known: half of the chains with one have a label.
    const owns = ({ name, owns }: Template): boolean => owns || (/^[A-Z]/.test(name) && chance.is(0.5));
    const label = [first, ...(second === undefined ? [] : [second])].some(owns) ? ` @c${this.#count}` : "";
    const chain = steps.length === 1 ? steps[0]! : `(${steps.join(" |> ")})${label}`;
    const uses = [value.name, first.name, ...(second === undefined ? [] : [second.name])];
    const code = `${value.name} |> repeat(${index === undefined ? "" : "i: "}${count}) ${chain}`;
    return { code, uses, tensors: [], settings: [], results: 1, inputs: [] };
  }

  /** A block that gets its results again. */
  #repeatedWithAll(template: Template): Proposal | undefined {
    const call = this.#applied(template);
    const list = call.uses.slice(0, template.ports.length);
    const count = this.#repetitions();
    const block = fill(template, ({ kind }) => (kind === "tensor" ? "" : undefined)).replace(/\((?:,\s*)+/, "(");
    if (count === undefined || list.length < 2) return undefined;
    return { ...call, settings: [], code: `(${list.join(", ")}) |> repeat(${count}) ${block.replace(/\(\)$/, "")}` };
  }

  /** A number of repetitions: a number, or a setting that is there already. */
  #repetitions(): string | undefined {
    if (this.#chance.is(0.5)) return String(1 + this.#chance.below(3));
    const count = this.#setting(2, []);
    return this.#settings.some(({ name }) => count.includes(name)) ? count : undefined;
  }

  /** The call of a new block that does what a template does, with the template's inputs as its signature. */
  #wrapped(template: Template): Proposal {
    const params = template.ports.map((port): Param => ({ name: port.name, text: portText(port) }));
    const names = Array.from({ length: template.results }, (_, i) => `r${i}`);
    const code = `${names.join(", ")} = ${template.code}`;
    const uses = [...params.map(({ name }) => name), template.name];
    const statements: Statement[] = [{ names, code, uses }];
    const name = `Block${this.#blocks.length}`;
    const block: Routine = { name, tensors: params, settings: [], where: [], statements, results: names };
    if (checked([...this.#blocks, block]).errors.length > 0) return this.#applied(template);
    this.#blocks.push(block);
    this.#calls.push(callOf(block));
    return this.#applied(this.#calls.at(-1)!);
  }
}
