/** @file The error for invalid inputs. */
import { DataError } from "../weights/data-error.ts";

/** Inputs that the entry guard rejects. The message is the first problem, `details` are the others. */
export class GuardError extends DataError {
  override get name(): string {
    return "GuardError";
  }
}
