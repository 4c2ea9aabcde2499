/**
 * @file Builds the model as a module without dependencies and serves the page that uses it: `npm run page`, then open the
 * address that it prints. Any other server would do; this one compresses.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const page = path.dirname(fileURLToPath(import.meta.url));
const example = path.dirname(page);
const port = Number(process.env.PORT ?? 8080);

const built = mkdtempSync(path.join(tmpdir(), "fuse-page-"));
const fuse = path.resolve(example, "../../dist/cli/main.js");
const build = ["build", "background-blur.fuse", "--model", "BackgroundBlur", "--target", "standalone"];
execFileSync(process.execPath, [fuse, ...build, "--at", "n=1,h=512,w=512", "-o", built], {
  cwd: example,
  stdio: "inherit",
});

const html = "text/html; charset=utf-8";
const files = [
  [page, "index.html", html],
  [page, "page.js", "text/javascript"],
  [built, "background-blur.standalone.js", "text/javascript"],
  [built, "background-blur.standalone.wasm", "application/wasm"],
  [example, "background-blur.safetensors", "application/octet-stream"],
  [example, "astronaut.png", "image/png"],
].map(([folder, name, type]) => [
  `/${name}`,
  { type, content: gzipSync(readFileSync(path.join(folder, name)), { level: 9 }) },
]);
const byPath = new Map([...files, ["/", files[0][1]]]);
rmSync(built, { recursive: true });

createServer(({ url }, response) => {
  const file = byPath.get(new URL(url, "http://localhost").pathname);
  if (file === undefined) response.writeHead(404).end();
  else response.writeHead(200, { "content-type": file.type, "content-encoding": "gzip" }).end(file.content);
}).listen(port, "localhost", () => console.log(`open http://localhost:${port}`));
