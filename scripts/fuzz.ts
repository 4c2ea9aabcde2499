/** @file Tries random programs until stopped, or until ten are wrong: `npm run fuzz [-- text|programs|algebra] [COUNT [SEED]]`. */

/** What one seed gave. */
interface Trial {
  /** Sums to print, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Things of which the different ones are counted, such as codes of messages. */
  readonly seen: Iterable<string>;
}

interface Kind {
  /** The name of what `seen` has. */
  readonly things: string;
  /** @throws Error with the program, if it is wrong */
  readonly run: (seed: number) => Trial | Promise<Trial>;
}

/** The kinds of random programs. Each is loaded when it is used. */
const kinds: Readonly<Record<string, () => Promise<Kind>>> = {
  /** Any text, most of it wrong, goes through the whole compiler. */
  text: async () => {
    const { fuzz, makeFuzzCase } = await import("../test/properties/fuzz.ts");
    const run = (seed: number): Trial => {
      const { kind, text } = makeFuzzCase(seed);
      try {
        const { built, codes } = fuzz(text);
        return { counts: { [kind]: 1, [`${kind}, built`]: built ? 1 : 0 }, seen: codes };
      } catch (error) {
        throw new Error(`${kind}: ${error instanceof Error ? error.stack : String(error)}\n${text}`, { cause: error });
      }
    };
    return { things: "kinds of messages", run };
  },
  /** Programs that check run on every engine. */
  programs: async () => {
    const { tryProgram } = await import("../test/properties/programs/programs.ts");
    const run = async (seed: number): Promise<Trial> => {
      const { built, admitted, refused, compared, operators } = await tryProgram(seed);
      const counts = { programs: 1, built: built ? 1 : 0, "shapes admitted": admitted, "shapes refused": refused };
      return { counts: { ...counts, ...Object.fromEntries(compared) }, seen: operators };
    };
    return { things: "operators", run };
  },
  /** Graphs that the optimizer changes a lot give what they gave before. */
  algebra: async () => {
    const { examine } = await import("../test/properties/algebra/examine.ts");
    const run = (seed: number): Trial => {
      // Every tenth graph has sizes for which results are equal up to rounding only.
      const isExact = seed % 10 !== 0;
      const { rules, operators } = examine(seed, isExact);
      const counts = { graphs: 1, "not exact": isExact ? 0 : 1, changed: rules.length > 0 ? 1 : 0 };
      return { counts: { ...counts, ...Object.fromEntries(rules.map((rule) => [rule, 1])) }, seen: operators };
    };
    return { things: "operators", run };
  },
};

const given = process.argv.slice(2);
const name = /^\d+$/.test(given[0] ?? "0") ? "text" : given.shift()!;
const open = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
if (open === undefined) {
  console.error(`there are no random programs of the kind ${name}, only ${Object.keys(kinds).join(" and ")}`);
  process.exit(2);
}
const { things, run } = await open();
const count = Number(given[0] ?? Infinity);
const first = Number(given[1] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`from seed ${first}`);
const sums = new Map<string, number>();
const all = new Set<string>();
let wrong = 0;
let slowest = { ms: 0, seed: first };
let seed = first;
let stopped = false;
process.on("SIGINT", () => (stopped = true));

for (; seed < first + count && !stopped && wrong < 10; seed++) {
  const before = performance.now();
  try {
    const { counts, seen } = await run(seed);
    for (const [what, number] of Object.entries(counts)) sums.set(what, (sums.get(what) ?? 0) + number);
    for (const thing of seen) all.add(thing);
  } catch (error) {
    wrong++;
    console.log(`\nseed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const ms = performance.now() - before;
  if (ms > slowest.ms) slowest = { ms, seed };
  // Lets signals be handled.
  if (seed % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}

for (const [what, sum] of sums) console.log(`${what.padEnd(28)} ${sum}`);
console.log(`${all.size} ${things}; slowest ${slowest.ms.toFixed(0)} ms, seed ${slowest.seed}`);
console.log(`${wrong} wrong, seeds ${first} to ${seed - 1}`);
process.exitCode = wrong > 0 ? 1 : 0;
