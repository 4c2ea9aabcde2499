/** @file Benchmarks checking while the user types: after one-character edits, and on unfinished programs. */
import { readdirSync, readFileSync } from "node:fs";
import { openProgram } from "../dist/index.js";
import { lex } from "../dist/parser/lex.js";
import { sourceFile } from "../dist/source/source.js";
import { format, median } from "./measure.js";

/** One in `every` half-written programs is checked; the `again` slowest are checked again. */
const every = 11;
const again = 8;

export async function typing() {
  const programs = examples();
  const own = programs.filter(({ path }) => path.startsWith("examples/"));
  const [largest] = own.sort((a, b) => b.text.length - a.text.length);
  const slow = slowest(own);
  const half = slowest(programs.flatMap(halfWritten).filter((_, i) => i % every === 0));
  return {
    title: "The check while typing: open, parse and check, in one process, after warm-up",
    rows: [
      ...edited("largest", largest),
      ...(slow.path === largest.path ? [] : edited("slowest", slow)),
      [
        `the slowest half-written example or library file: ${half.path}`,
        `${format(half.ms, 1)} ms`,
        "goal: below 50 ms",
      ],
    ],
  };
}

/** Measures checks with a letter added after a token: the median over many places, and the slowest. */
function edited(which, { path, text }) {
  const places = tokenEnds(text).filter((_, i) => i % 7 === 0);
  const typed = places.map((at) => ({ path, text: `${text.slice(0, at)}x${text.slice(at)}` }));
  const goal = "goal: below 20 ms";
  return [
    [`the ${which} example, ${path}, as it is`, `${format(median(repeat({ path, text }, 40)), 1)} ms`, ""],
    [`the same with a letter more, ${places.length} places`, `${format(median(typed.map(check)), 1)} ms`, goal],
    ["the slowest of these places", `${format(slowest(typed).ms, 1)} ms`, goal],
  ];
}

/** Reads every example and every library module. */
function examples() {
  const folders = readdirSync("examples", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return ["library/fuse", ...folders.map(({ name }) => `examples/${name}`)].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".fuse"))
      .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(`${folder}/${name}`, "utf8") })),
  );
}

const tokensOf = (text) => lex(sourceFile("x.fuse", text)).tokens;
const tokenEnds = (text) => tokensOf(text).map(({ startOffset, image }) => startOffset + image.length);

/** Returns the text cut off after each token, and the text without each token. */
function halfWritten({ path, text }) {
  return tokensOf(text).flatMap(({ startOffset, image }) => {
    const end = startOffset + image.length;
    const texts = [text.slice(0, end), text.slice(0, startOffset) + text.slice(end)];
    return texts.map((text) => ({ path, text }));
  });
}

function check({ path, text }) {
  const start = performance.now();
  openProgram(path, text, { read: () => undefined }).check();
  return performance.now() - start;
}

function repeat(program, count) {
  for (let i = 0; i < 10; i++) check(program);
  return Array.from({ length: count }, () => check(program));
}

/** Returns the slowest program. Slow ones are checked again, because most slow runs are noise. */
function slowest(programs) {
  const bySlowness = (a, b) => b.ms - a.ms;
  const once = programs.map((program) => ({ ...program, ms: check(program) })).sort(bySlowness);
  const twice = once.slice(0, again).map((program) => ({ ...program, ms: median(repeat(program, 9)) }));
  return twice.sort(bySlowness)[0];
}
