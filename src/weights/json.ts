/** @file Looking at JSON that came from outside: its objects by own keys only, and what `JSON.parse` does not tell. */

/** An object, not an array and not null. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What an object has under a key of its own; undefined if it has none or is no object. */
export function field(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The elements of an array, none if it is not one. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The first key that an object of a valid JSON text has twice: readers that take the first and the last would disagree. */
export function duplicateKey(json: string): string | undefined {
  // One set of keys per open object, undefined per open array.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    switch (json.charAt(i)) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const start = i;
        for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
        let next = i + 1;
        while (/\s/.test(json[next] ?? "")) next++;
        if (json[next] !== ":") break;
        const key = String(JSON.parse(json.slice(start, i + 1)));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
    }
  }
  return undefined;
}
