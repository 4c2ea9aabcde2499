/** @file Values that are made once for each key. */

/** The value of a key, which is made if it is not there yet. */
export function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}
