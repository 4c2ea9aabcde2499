/** @file A lock that allows one setup at a time per clone. The second waits, and then finds nothing left to do. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./run.js";

const minute = 60 * 1000;

/**
 * Runs `work` while holding the lock `file`, which contains the holder's process ID. A lock whose holder has died is ignored.
 * Calls `patience` if waiting takes seconds.
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

/** Removes an abandoned lock. Only one waiting process may do so, or another might remove the next holder's lock. */
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
    // An empty file was just created, and its holder is about to write its ID.
    return age(file) > 15 * minute || (holder > 0 && !isAlive(holder));
  } catch {
    return false; // released in the meantime
  }
}

/** Returns a file's age in milliseconds; 0 if it does not exist. */
const age = (file) => Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
