/** @file Loads a program's files: imports, declarations, and which blocks each file can see. */
import type { Ast, Decl, Import, Name } from "../../parser/ast.ts";
import { parse } from "../../parser/parse.ts";
import type { Help } from "../../source/diagnostic.ts";
import type { Reporter } from "../../source/reporter.ts";
import { sourceFile } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";

/** The maximum depth of imports, and of calls between blocks. */
export const nestingLimit = 100;

/** Provides imported files. Reads only the files requested. */
export interface Host {
  /** The text of a file, or undefined if there is none. */
  read(path: string): string | undefined;
  /** Modules that a file could import, as it would write them, for "did you mean". May be incomplete. */
  modules?(from: string): readonly string[];
}

/** Maps each block that exactly one library module has to that module. `from` is a file that could import them. */
export function libraryBlocks(host: Host, from: string): ReadonlyMap<string, string> {
  const found = new Map<string, string[]>();
  for (const module of (host.modules?.(from) ?? []).filter((name) => name.startsWith("fuse/")))
    for (const [, block] of (host.read(module) ?? "").matchAll(/^block ([\p{L}\p{N}_]+)/gmu))
      if (!block!.startsWith("_")) found.set(block!, [...(found.get(block!) ?? []), module]);
  return new Map([...found].flatMap(([block, [only, ...others]]) => (others.length > 0 ? [] : [[block, only!]])));
}

/** A declaration and its module. */
export interface Block {
  readonly decl: Decl;
  readonly module: Module;
}

export interface Module {
  readonly path: string;
  readonly ast: Ast;
  /** The module's own declarations. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** The blocks that its code can name: its own and imported ones. */
  readonly visible: ReadonlyMap<string, Block>;
  /** Names whose import or declaration failed. Using them is not another mistake. */
  readonly lost: ReadonlySet<string>;
}

/** Returns why a name cannot be declared; undefined if it can. */
export type NameRule = (name: string) => "operator" | undefined;

/** Loads a file and everything it imports. A module that cannot be read is reported at its import and left out. */
export function loadModules(path: string, text: string, host: Host, rule: NameRule, reporter: Reporter): Module[] {
  const loaded = new Map<string, Module>();
  const loading: string[] = [];

  function load(path: string, text: string): Module {
    loading.push(path);
    const ast = parse(sourceFile(path, text), reporter);
    const blocks = new Map<string, Block>();
    const visible = new Map<string, Block>();
    const lost = new Set(ast.broken.map((name) => name.text));
    const module: Module = { path, ast, blocks, visible, lost };
    for (const item of ast.imports) {
      addImport(module, item, visible);
      for (const { name, as } of item.names) if (!visible.has((as ?? name).text)) lost.add((as ?? name).text);
    }
    for (const decl of ast.decls) {
      if (!declare(decl.name, visible, rule, reporter)) continue;
      const block = { decl, module };
      blocks.set(decl.name.text, block);
      visible.set(decl.name.text, block);
    }
    loading.pop();
    loaded.set(path, module);
    return module;
  }

  function addImport(from: Module, item: Import, visible: Map<string, Block>): void {
    const target = find(from.path, item);
    for (const { name, as } of item.names) {
      const local = as ?? name;
      if (target === undefined || !declare(local, visible, rule, reporter)) continue;
      const block = target.blocks.get(name.text);
      const known = [...target.blocks.keys()].filter((block) => !block.startsWith("_"));
      if (name.text.startsWith("_")) {
        const helps = known.length === 0 ? [] : [`it has ${known.join(", ")}`];
        reporter.report("private-name", name.span, { name: name.text, module: item.from.text }, { helps });
      } else if (block === undefined) {
        const all = known.length === 0 ? "it declares nothing" : `it has ${known.join(", ")}`;
        const helps = [...didYouMean(name.span, nearest(name.text, known)), all];
        reporter.report("unknown-export", name.span, { name: name.text, module: item.from.text }, { helps });
      } else visible.set(local.text, block);
    }
  }

  function find(from: string, item: Import): Module | undefined {
    const path = resolve(from, item.from.text);
    if (path !== undefined && loading.includes(path)) {
      const circle = [...loading.slice(loading.indexOf(path)), path].join(" → ");
      reporter.report("import-cycle", item.from.span, { path: circle });
      return undefined;
    }
    const known = path === undefined ? undefined : loaded.get(path);
    if (known !== undefined) return known;
    if (loading.length >= nestingLimit) {
      const what = `imports are nested more than ${nestingLimit} deep`;
      reporter.report("too-large", item.from.span, { what });
      return undefined;
    }
    const text = path === undefined ? undefined : host.read(path);
    if (text === undefined) {
      const helps = moduleHelps(item, host.modules?.(from) ?? []);
      reporter.report("unknown-module", item.from.span, { module: item.from.text }, { helps });
      return undefined;
    }
    return load(path!, text);
  }

  load(path, text);
  return [...loaded.values()];
}

/** Suggests modules that may be meant, or shows what a path looks like. */
function moduleHelps({ from: { text, span } }: Import, known: readonly string[]): Help[] {
  if (known.includes(text)) return [{ text: "it exists but cannot be read: is it a folder, or a link to nothing?" }];
  const near = nearest(text, known) ?? known.find((module) => module === `${text}.fuse` || module === `./${text}`);
  if (near !== undefined) return didYouMean(span, `"${near}"`);
  if (text.startsWith("fuse/")) {
    const library = known.filter((module) => module.startsWith("fuse/"));
    return library.length === 0 ? [] : [{ text: `the library has ${library.join(", ")}` }];
  }
  return [{ text: "a path is relative to this file and ends in `.fuse`", code: 'from "./parts.fuse"' }];
}

/** Resolves the path of an import relative to a file; undefined if its form is not allowed. */
function resolve(from: string, module: string): string | undefined {
  if (/^[a-z][a-z0-9-]*\/[a-z0-9/-]+$/.test(module)) return module;
  if (!/^\.\.?\//.test(module) || module.includes("\\") || !module.endsWith(".fuse")) return undefined;
  // A library module is not in a folder on disk, so it has no relative imports.
  if (!from.endsWith(".fuse")) return undefined;
  const parts = from.split("/").slice(0, -1);
  for (const part of module.split("/")) {
    if (part === "..") {
      if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
      else parts.push("..");
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function declare(name: Name, visible: ReadonlyMap<string, Block>, rule: NameRule, reporter: Reporter): boolean {
  if (rule(name.text) === "operator") {
    const helps = [{ text: "choose another name; rename an import with", code: `${name.text} as …` }];
    reporter.report("shadows-operator", name.span, { name: name.text }, { helps });
    return false;
  }
  const earlier = visible.get(name.text);
  if (earlier === undefined) return true;
  const labels =
    earlier.decl.name.span.source === name.span.source
      ? [{ span: earlier.decl.name.span, text: "first declared here" }]
      : [];
  reporter.report("duplicate-name", name.span, { name: name.text, what: `a ${earlier.decl.kind}` }, { labels });
  return false;
}
