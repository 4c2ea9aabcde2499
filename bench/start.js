/** @file Benchmarks how the command starts: whole processes, in turn with a Node that does nothing. */
import { spawn } from "node:child_process";
import { format, median, quantile } from "./measure.js";

const program = "examples/background-blur/background-blur.fuse";
const idle = "node -e 0";
const rounds = 20;

const processes = {
  "fuse --version": ["dist/cli/main.js", "--version"],
  "fuse check": ["dist/cli/main.js", "check", program],
  "fuse fmt --check": ["dist/cli/main.js", "fmt", "--check", program],
  "fuse summary": ["dist/cli/main.js", "summary", program],
  "fuse check, a file that is not there": ["dist/cli/main.js", "check", "none.fuse"],
  [idle]: ["-e", "0"],
};

/** Node does not say what a child computed, so each child does, in its last moment: its start is included. */
const telling = `import { writeSync } from "node:fs";
process.once("exit", () => { const { user, system } = process.cpuUsage(); writeSync(3, String((user + system) / 1000)); });`;

/** Runs a process. Returns how many milliseconds it took, and how many all its threads computed. */
function time(args) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const preload = `data:text/javascript,${encodeURIComponent(telling)}`;
    const child = spawn(process.execPath, ["--import", preload, ...args], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stdio[3].on("data", (text) => (told += text));
    child.on("error", reject);
    child.on("close", () => resolve({ wall: performance.now() - start, cpu: Number(told) }));
  });
}

export async function start() {
  const names = Object.keys(processes);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -2; round < rounds; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const took = await time(processes[name]);
      if (round >= 0) times[name].push(took);
    }
  const row = (name) => [
    name,
    ...["wall", "cpu"].flatMap((kind) => {
      const own = times[name].map((took) => took[kind]);
      const ratio = median(own.map((ms, round) => ms / times[idle][round][kind]));
      const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => format(quantile(own, part), 0));
      return [`${middle} ms (${low} to ${high})`, format(ratio)];
    }),
  ];
  return {
    title: `The command, as a process: medians with quartiles, and ratios to ${idle} (${program})`,
    rows: [["process", "wall", "ratio", "CPU", "ratio"], ...names.map(row)],
  };
}
