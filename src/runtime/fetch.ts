/** @file Fetches bytes from a URL. */
import { DataError, quote } from "../weights/data-error.ts";

/** @throws DataError */
export async function fetchBytes(place: string | URL, limit = Infinity): Promise<Uint8Array> {
  const failed = (reason: string) => new DataError(`cannot fetch ${quote(String(place))}: ${reason}`);
  const response = await fetch(place).catch((error: unknown) => {
    // Node's message is just `fetch failed`; the cause says why.
    const { cause = error } = error instanceof Error ? error : {};
    throw failed(cause instanceof Error ? cause.message : String(cause));
  });
  if (!response.ok) throw failed(`${response.status} ${response.statusText}`);
  const refuse = (size: number) => {
    if (size > limit) throw failed(`it has ${size} bytes, and at most ${limit} are read`);
  };
  refuse(Number(response.headers.get("content-length") ?? 0));
  const bytes = new Uint8Array(await response.arrayBuffer());
  refuse(bytes.length);
  return bytes;
}
