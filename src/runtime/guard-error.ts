/** @file The error for inputs that may not enter. */
import { DataError } from "../weights/data-error.ts";

/** Inputs that the entry guard refuses. The message is the first problem, `details` are the others. */
export class GuardError extends DataError {
  override get name(): string {
    return "GuardError";
  }
}
