/** @file Helpers for scripts: the project root, running programs, temporary folders, replacing folders. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether the module with this `import.meta.url` is the main program rather than an import. */
export const isMain = (url) =>
  process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;

/** Runs a program without input, by default in the project root, and returns its standard output. Rejects if it fails. */
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

/** Runs npm. On Windows it is a batch file, which needs a shell, so arguments must be plain words. */
export const npm = (args, options) => run("npm", args, { shell: process.platform === "win32", ...options });

/** Returns the most informative line of a failed program's output: the first marked as an error, or the last. */
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

/** Runs `work` in a new folder inside `parent` and removes it afterwards. If the process is killed, the next call removes it. */
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

/** The prefix of temporary folders. The owner's process ID follows; it is only meaningful on this machine, hence the host name. */
const unfinished = `unfinished@${os.hostname()}@`;

function removeLeftovers(parent) {
  for (const name of readdirSync(parent)) {
    if (name.startsWith(unfinished) && !isAlive(Number.parseInt(name.slice(unfinished.length))))
      rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Moves `folder` to `place`, replacing any folder there. Readers see a complete folder, or briefly none. Concurrent calls all
 * succeed, and the last one wins. `trash` receives the old folder and must be on the same disk.
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
