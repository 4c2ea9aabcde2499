/** @file Shapes that a guard accepts, random ones and edge cases. */
import { checkGuard, evaluate, type Guard } from "../../src/contract/guard.ts";
import { elements } from "../../src/contract/ndarray.ts";

/** The shapes of inputs, by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Returns the shapes of the inputs at these sizes, if the guard accepts them. */
function shapesAt(guard: Guard, sizes: Readonly<Record<string, number>>): Shapes | undefined {
  const shapes = Object.fromEntries(
    guard.inputs.map(({ name, axes }) => [name, axes.map(({ size }) => evaluate(size, sizes))]),
  );
  const given = Object.fromEntries(guard.inputs.map(({ name, dtype }) => [name, { dtype, shape: shapes[name]! }]));
  return "sizes" in checkGuard(guard, given) ? shapes : undefined;
}

/** Returns input shapes that a guard accepts, at random sizes up to a limit, all different if possible. */
export function randomShapes(guard: Guard, random: () => number, count: number, limit = 7): Shapes[] {
  const found = new Map<string, Shapes>();
  for (let attempt = 0; found.size < count && attempt < 100 * count; attempt++) {
    const sizes: Record<string, number> = {};
    for (const { name } of guard.variables) sizes[name] = 1 + Math.floor(random() * limit);
    const shapes = shapesAt(guard, sizes);
    if (shapes !== undefined) found.set(JSON.stringify(shapes), shapes);
  }
  if (found.size === 0) throw new Error(`no admissible sizes for ${guard.model}`);
  return [...found.values()];
}

/** The most elements of an input, which keeps runs short. */
const mostElements = 3000;

/** The number of attempts before a kind of shape counts as unacceptable. */
const attempts = 40;

/**
 * Returns many different shapes. First come those that random sizes rarely hit: each size 1 on its own, then all of
 * them; the first (usually the batch) 3; all odd; one beyond 7 and the others small. Random ones follow, from a wider
 * range if few are acceptable.
 */
export function manyShapes(guard: Guard, random: () => number, count: number): readonly Shapes[] {
  const names = guard.variables.map(({ name }) => name);
  const upTo = (limit: number) => 1 + Math.floor(random() * limit);
  // With few sizes, the range must be wider to give this many different shapes.
  const limit = Math.max(7, Math.ceil(3 * count ** (1 / Math.max(names.length, 1))));
  const sizesBy = (size: (name: string) => number) => () =>
    Object.fromEntries(names.map((name) => [name, size(name)] as const));
  const kinds = [
    sizesBy(() => 1),
    sizesBy((name) => (name === names[0] ? 3 : upTo(7))),
    sizesBy(() => 2 * upTo(3) + 1),
    ...names.map((one) => sizesBy((name) => (name === one ? 1 : 1 + upTo(6)))),
    ...names.map((far) => sizesBy((name) => (name === far ? 7 + upTo(10) : upTo(3)))),
    ...Array.from({ length: count }, () => sizesBy(() => upTo(limit))),
    ...Array.from({ length: count }, () => sizesBy(() => upTo(17))),
  ];
  const found = new Map<string, Shapes>();
  for (const draw of kinds)
    for (let attempt = 0; attempt < attempts && found.size < count; attempt++) {
      const shapes = shapesAt(guard, draw());
      if (shapes === undefined || Object.values(shapes).some((shape) => elements(shape) > mostElements)) continue;
      const key = JSON.stringify(shapes);
      if (found.has(key)) continue;
      found.set(key, shapes);
      break;
    }
  if (found.size === 0) throw new Error(`no admissible sizes for ${guard.model}`);
  return [...found.values()];
}
