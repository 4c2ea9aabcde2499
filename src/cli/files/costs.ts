/** @file Files of costs: `fuse calibrate` writes them, `--costs` reads them. */
import { readBytes, writeAtomically } from "../../node/files.ts";
import { costsFrom, type Costs } from "../../plan/costs.ts";
import { DataError, inPlace } from "../../weights/data-error.ts";
import { parseJson, readText } from "../../weights/json.ts";
import { readOrFail, writeOrFail } from "../terminal/failure.ts";
import { protect, refuseForeign } from "./overwriting.ts";

/** The largest file, in bytes. */
const maxBytes = 10_000;

/** Reads the file of `--costs`. Ends the command if it cannot be read. @throws DataError if it does not hold costs */
export async function readCosts(path: string | undefined): Promise<Costs | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readOrFail(path, () => readBytes(path, maxBytes));
  return inPlace(path, () => parseCosts(bytes));
}

/** Writes costs. */
export async function writeCosts(path: string, costs: Costs): Promise<void> {
  const text = `${JSON.stringify(costs, null, 2)}\n`;
  await writeOrFail(path, () => writeAtomically(path, new TextEncoder().encode(text)));
}

/** Ends the command if there is a file of something else. */
export async function protectOthers(path: string): Promise<void> {
  protect([], [path]);
  await refuseForeign(path, (start) => {
    try {
      parseCosts(start);
      return true;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return false;
    }
  });
}

function parseCosts(bytes: Uint8Array): Costs {
  const costs = costsFrom(parseJson(readText(bytes)));
  if (typeof costs === "string") throw new DataError(costs);
  return costs;
}
