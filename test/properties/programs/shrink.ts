/** @file Makes a failing program smaller while it fails in the same way. */
import type { Draft, Routine } from "./draft.ts";

/** Returns the smallest draft found that still fails. */
export async function shrink(draft: Draft, fails: (smaller: Draft) => Promise<boolean>): Promise<Draft> {
  let current = draft;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smaller(current)) {
      if (!(await fails(candidate))) continue;
      current = candidate;
      isSmaller = true;
      break;
    }
  }
  return current;
}

/** Drafts with one thing taken away: a block, a statement and what depends on it, a result, a condition, an input. */
function* smaller(draft: Draft): Generator<Draft> {
  const used = new Set(draft.flatMap(({ statements }) => statements.flatMap(({ uses }) => uses)));
  for (const [i, { name }] of draft.entries()) if (i < draft.length - 1 && !used.has(name)) yield draft.toSpliced(i, 1);
  for (const [i, routine] of draft.entries())
    for (const less of smallerRoutines(routine, i === draft.length - 1)) yield draft.with(i, less);
}

function* smallerRoutines(routine: Routine, isModel: boolean): Generator<Routine> {
  const { statements, results, where, tensors, settings } = routine;
  if (routine.declared !== undefined) yield { ...routine, declared: undefined };
  for (let i = statements.length - 1; i >= 0; i--) {
    const gone = new Set<string>(statements[i]!.names);
    const left = statements.filter(({ names, uses }, at) => {
      const drops = at === i || uses.some((name) => gone.has(name));
      if (drops) for (const name of names) gone.add(name);
      return !drops;
    });
    const kept = results.filter((name) => !gone.has(name));
    const last = left.at(-1)?.names ?? [];
    if (kept.length > 0) yield { ...routine, statements: left, results: kept };
    else if (isModel && last.length > 0) yield { ...routine, statements: left, results: last };
  }
  if (results.length > 1 && isModel)
    for (const [i] of results.entries()) yield { ...routine, results: results.toSpliced(i, 1) };
  for (const [i] of where.entries()) yield { ...routine, where: where.toSpliced(i, 1) };
  const text = statements.map(({ code }) => code).join(" ");
  if (!isModel) return;
  for (const [i, { name }] of tensors.entries())
    if (!new RegExp(`\\b${name}\\b`).test(text) && tensors.length > 1)
      yield { ...routine, tensors: tensors.toSpliced(i, 1) };
  for (const [i, { name }] of settings.entries())
    if (!new RegExp(`\\b${name}\\b`).test(text)) yield { ...routine, settings: settings.toSpliced(i, 1) };
}
