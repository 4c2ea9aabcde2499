/** @file Message templates with named holes. The names are part of the type. */

export interface Template<K extends string = string> {
  readonly holes: readonly K[];
  render(args: Readonly<Record<K, string>>): string;
}

/** Creates a template: msg`cannot find ${"name"} here`. */
export function msg<const K extends readonly string[]>(text: TemplateStringsArray, ...holes: K): Template<K[number]> {
  return {
    holes,
    render: (args) => text.reduce((out, part, i) => out + args[holes[i - 1] as K[number]] + part),
  };
}
