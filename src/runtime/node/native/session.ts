/** @file Opens a TensorFlow session from a temporary file. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NativeBackend } from "./binding.ts";

/**
 * Opens a session for the content of a `saved_model.pb` and returns its number. TensorFlow reads it from a folder, which is
 * private to this call, unreadable for other users, and always removed. The folder's name includes a hash of the content,
 * because the other way of loading in tfjs-node caches models by path.
 */
export function openSession(backend: NativeBackend, content: Uint8Array): number {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const folder = mkdtempSync(join(tmpdir(), `fuse-${hash}-`));
  try {
    writeFileSync(join(folder, "saved_model.pb"), content, { mode: 0o600 });
    return backend.loadSavedModelMetaGraph(folder, "serve");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
