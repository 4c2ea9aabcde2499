/** @file A refusal with a counterexample is right: with these sizes, the program is wrong for certain. */
import { checked, type Checked, type Draft } from "./draft.ts";

/** Expects the counterexamples of the errors in the last routine to refute the program. */
export function verifyRefusal(draft: Draft, { errors, text }: Checked): void {
  for (const error of errors) {
    const example = error.notes.flatMap((note) => /^for example (.*?)(?::  |$)/.exec(note.text)?.[1] ?? [])[0];
    if (example === undefined) continue;
    const facts = example.split(", ").map((one) => one.replace(" = ", " == "));
    // A pattern of open axes has no name that a program can write.
    if (facts.some((fact) => !/^\w+ == \d+$/.test(fact))) continue;
    const routine = draft.at(-1)!;
    const pinned = [...draft.slice(0, -1), { ...routine, where: [...routine.where, ...facts] }];
    const again = checked(pinned).errors;
    if (!again.some(({ code }) => code === error.code || /mismatch/.test(code) === /mismatch/.test(error.code)))
      throw new Error(
        `a counterexample that is none: ${error.code}: ${error.message}; ${example}; then: ${again.map(({ code, message }) => `${code}: ${message}`).join("; ")}\n${text}`,
      );
  }
}
