/** @file One set-up at a time in one clone: the second waits, and then finds nothing left to do. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./run.js";

const minute = 60 * 1000;

/**
 * Runs `work` while holding the lock `file`, which names the process that holds it; one that has died holds nothing.
 * `patience` is called if that takes seconds.
 */
export async function locked(file, work, patience) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let waits = 1; !take(file); waits++) {
    if (isAbandoned(file)) removeAbandoned(file);
    if (waits === 60) patience();
    await sleep(50);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Of several that wait, one removes the lock: the others must not take that of the next holder for the abandoned one. */
function removeAbandoned(file) {
  const guard = `${file}.guard`;
  if (!take(guard)) {
    if (age(guard) > minute) rmSync(guard, { force: true });
    return;
  }
  if (isAbandoned(file)) rmSync(file, { force: true });
  rmSync(guard);
}

function isAbandoned(file) {
  try {
    const holder = Number(readFileSync(file, "utf8"));
    // An empty file has just been made, and its holder's number is on the way.
    return age(file) > 15 * minute || (holder > 0 && !isAlive(holder));
  } catch {
    return false; // released in the meantime
  }
}

/** In milliseconds; a file that is not there is new. */
const age = (file) => Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
