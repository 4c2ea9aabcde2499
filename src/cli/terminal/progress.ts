/** @file A progress bar for long work on an interactive terminal. */
import type { Terminal } from "./terminal.ts";

/** Does `work` with each item. The work may block the thread, because the bar is drawn between items. */
export async function eachWithProgress<T>(
  { interactive }: Terminal,
  title: string,
  items: readonly T[],
  work: (item: T) => void,
): Promise<void> {
  if (!interactive) return items.forEach(work);
  const { SingleBar } = (await import("cli-progress")).default;
  const bar = new SingleBar({ format: `${title} {bar} {value}/{total}`, clearOnComplete: true, hideCursor: true });
  bar.start(items.length, 0);
  try {
    for (const item of items) {
      work(item);
      bar.increment();
      // The bar draws itself when the thread is free.
      await new Promise(setImmediate);
    }
  } finally {
    bar.stop();
  }
}
