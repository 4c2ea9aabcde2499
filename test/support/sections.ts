/** @file Splits a program of several files, whose sections start with a line `# file: NAME`. */

export interface Sections {
  /** The file that is checked. */
  readonly main: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Splits a program. Without such lines it is one file, `main.fuse`. */
export function sections(program: string): Sections {
  const [before, ...parts] = program.split(/^# file: (.+)\n/m);
  const names = parts.filter((_, i) => i % 2 === 0);
  const texts = parts.filter((_, i) => i % 2 === 1);
  const [main] = names;
  if (main === undefined) return { main: "main.fuse", files: { "main.fuse": program } };
  if (before !== "") throw new Error(`text before the first section: ${before}`);
  return { main, files: Object.fromEntries(names.map((name, i) => [name, texts[i]!])) };
}
