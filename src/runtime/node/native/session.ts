/** @file A session of TensorFlow, loaded from a file that is gone again when it runs. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NativeBackend } from "./binding.ts";

/**
 * The number of a new session of the content of a `saved_model.pb`. TensorFlow reads it from a folder: one of this call only,
 * so that processes do not meet, which nobody else may read, and which is removed whatever happens. Its name has the hash of
 * the content, since the other way of loading in tfjs-node remembers models by their paths.
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
