/** @file Where the project is, and the few things that all scripts do: say, start a program, swap a folder. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether the module with this `import.meta.url` is the program that was started, and not imported by another. */
export const isMain = (url) =>
  process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;

/** Runs a program to its end, without input, in the project's folder unless told otherwise: its standard output. Rejects if it fails. */
export async function run(command, args, options = {}) {
  const running = promisify(execFile)(command, args, { cwd: root, maxBuffer: 1 << 26, ...options });
  running.child.stdin?.end();
  const stop = () => running.child.kill();
  process.prependOnceListener("exit", stop);
  try {
    return (await running).stdout;
  } finally {
    process.off("exit", stop);
  }
}

/** `npm` is a batch file on Windows, which only a shell can start: arguments must be plain words. */
export const npm = (args, options) => run("npm", args, { shell: process.platform === "win32", ...options });

/** The line of a failed program's output that says most: the first that is marked as an error, or the last. */
export function complaint(error) {
  const lines = `${error.stderr ?? ""}\n${error.stdout ?? ""}`.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => /\berror:|^npm error/i.test(line)) ?? lines.at(-1) ?? error.message).trim();
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `work` in a new folder inside `parent`, which is gone afterwards; only a program that is killed leaves it, to the next one. */
export async function inTemporaryFolder(parent, work) {
  mkdirSync(parent, { recursive: true });
  removeLeftovers(parent);
  const folder = mkdtempSync(path.join(parent, `${unfinished}${process.pid}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const interrupted = () => process.exit(130);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  process.once("exit", remove);
  for (const signal of signals) process.once(signal, interrupted);
  try {
    return await work(folder);
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    process.off("exit", remove);
    remove();
  }
}

/** Begins the names of temporary folders; the number of the process that owns one follows, which only this machine can know. */
const unfinished = `unfinished@${os.hostname()}@`;

function removeLeftovers(parent) {
  for (const name of readdirSync(parent)) {
    if (name.startsWith(unfinished) && !isAlive(Number.parseInt(name.slice(unfinished.length))))
      rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Puts `folder` at `place`, where another may stand. Whoever looks finds a whole folder (or for an instant none); two that do it at once
 * both succeed, and the last one stays. `trash` is a place for the old one, on the same disk.
 */
export function replaceFolder(folder, place, trash) {
  mkdirSync(path.dirname(place), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      return renameSync(folder, place);
    } catch (error) {
      if (attempt === 10 || !["ENOTEMPTY", "EEXIST", "EPERM"].includes(error.code)) throw error;
    }
    try {
      renameSync(place, path.join(trash, `old-${attempt}`));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
}
