/**
 * @file Makes tfjs-node's native binding loadable. The package's own installer downloads it from its vendor, which some networks
 * cannot reach. Here it is compiled from the package's sources against TensorFlow's libraries from PyPI, once per machine.
 *
 *     node scripts/native.js            make it loadable, even if that failed before
 *     node scripts/native.js --check    only check whether it loads (exit code 1 if not)
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { complaint, inTemporaryFolder, isMain, npm, replaceFolder, root, run } from "./run.js";

/** The TensorFlow release whose C API tfjs-node 4.22 uses. The wheel is only unpacked, so any local Python will do. */
const tensorflow = {
  version: "2.15.1",
  python: "3.11",
  sha256: "54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26",
};
/** The Node-API headers, which are the same for every Node version. */
const nodeApi = {
  package: "node-api-headers@1.9.0",
  integrity: "sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==",
};
const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
const binding = "tfjs_binding.node";
const headers = [
  "tensorflow/c/c_api.h",
  "tensorflow/c/c_api_macros.h",
  "tensorflow/c/eager/c_api.h",
  "tensorflow/c/tf_attrtype.h",
  "tensorflow/c/tf_buffer.h",
  "tensorflow/c/tf_datatype.h",
  "tensorflow/c/tf_status.h",
  "tensorflow/c/tf_tensor.h",
  "tensorflow/c/tf_tstring.h",
  "tensorflow/core/platform/ctstring.h",
  "tensorflow/core/platform/ctstring_internal.h",
  "tsl/c/tsl_status.h",
  "tsl/platform/ctstring.h",
  "tsl/platform/ctstring_internal.h",
];

/** The package, where node-pre-gyp looks for the binding, and where the binding looks for its libraries. */
const packageFolder = path.join(root, "node_modules", "@tensorflow", "tfjs-node");
const bindingFolder = path.join(packageFolder, "lib", "napi-v8");
const libraryFolder = path.join(packageFolder, "deps", "lib");
/** The result of the last run. It is inside node_modules, so it disappears together with the binding. */
const memory = path.join(root, "node_modules", ".fuse", "native.json");
const caches = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "fuse-lang");
/** The cached binding and libraries, created atomically. The name contains everything that the content depends on. */
const cache = path.join(caches, `tfjs-node-4.22.0-tensorflow-${tensorflow.version}-linux-x64`);

/**
 * Makes the binding loadable if possible: an existing one, else one from the cache, else a new build. Never throws.
 * An earlier failure is retried only if `again` is set or circumstances have changed; otherwise it is returned as `known`.
 * @returns {Promise<{ ready: true, version?: string } | { ready: false, reason: string, known?: boolean }>}
 */
export async function prepareNative({ again = false, say = console.log } = {}) {
  const before = remembered();
  if (before !== undefined && (before.ready || !again)) return before.ready ? before : { ...before, known: true };
  let outcome;
  try {
    outcome = await makeLoadable(say);
  } catch (error) {
    outcome = { ready: false, reason: error.message };
  }
  if (fs.existsSync(packageFolder)) remember(outcome);
  return outcome;
}

async function makeLoadable(say) {
  if (!fs.existsSync(packageFolder)) throw new Error("the package @tensorflow/tfjs-node is not installed");
  // The package's own installer may have run and succeeded.
  if (fs.existsSync(path.join(packageFolder, "lib"))) {
    const found = await load();
    if (found.ready) return found;
  }
  if (cached()) {
    say("native backend: taken from the cache");
    install();
    const found = await load();
    if (found.ready) return found;
  }
  const obstacle = cannotBuild();
  if (obstacle !== undefined) throw new Error(obstacle);
  say("native backend: building (downloads 200 MB, once per machine)");
  await inTemporaryFolder(caches, build);
  install();
  return load();
}

/** Loads the binding and computes with it, in a separate process because a bad binding may crash it. */
async function load() {
  // Node 23 removed two functions of `util` that tfjs-node calls.
  const program = `
    const util = require("node:util");
    util.isNullOrUndefined = (value) => value == null;
    util.isArray = Array.isArray;
    const tf = require("@tensorflow/tfjs-node");
    const [product] = tf.matMul([[1, 2]], [[3], [4]]).dataSync();
    console.log(JSON.stringify([tf.getBackend(), product, tf.backend().binding.TF_Version]));`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" };
  try {
    const output = await run(process.execPath, ["-e", program], { env, timeout: 60_000 });
    const [backend, product, version] = JSON.parse(output.trim().split("\n").at(-1) ?? "");
    if (backend === "tensorflow" && product === 11) return { ready: true, version };
    return { ready: false, reason: `the binding computes wrong results (${backend}: ${product} instead of 11)` };
  } catch (error) {
    return { ready: false, reason: `the binding does not load: ${complaint(error)}` };
  }
}

const cached = () => [binding, ...libraries].every((name) => fs.existsSync(path.join(cache, name)));

/** Copies the binding into the package and links the libraries, which are large. Safe to run in several processes at once. */
function install() {
  const place = (folder, name, make) => {
    fs.mkdirSync(folder, { recursive: true });
    const temporary = path.join(folder, `${name}.${process.pid}`);
    fs.rmSync(temporary, { force: true });
    make(path.join(cache, name), temporary);
    fs.renameSync(temporary, path.join(folder, name));
  };
  for (const library of libraries) place(libraryFolder, library, fs.symlinkSync);
  place(bindingFolder, binding, fs.copyFileSync);
}

function cannotBuild() {
  if (process.platform !== "linux" || process.arch !== "x64")
    return "Fuse builds it only on Linux x64. Elsewhere, tfjs-node may provide a binary: cd node_modules/@tensorflow/tfjs-node && node scripts/install.js";
  const missing = Object.keys(tools()).filter((name) => !tools()[name]);
  if (missing.length > 0) return `${missing.join(" and ")} not found`;
  if (process.report.getReport().header.glibcVersionRuntime === undefined) return "TensorFlow needs glibc";
  return undefined;
}

/** Finds which of the programs that a build needs are on the PATH. This is much faster than starting them. */
function tools() {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  const there = (name) => folders.some((folder) => fs.existsSync(path.join(folder, name)));
  return { python3: there("python3"), "g++": there("g++") };
}

/** Fills the cache. */
async function build(temporary) {
  const step = async (what, work) => {
    try {
      return await work();
    } catch (error) {
      throw new Error(`${what}: ${complaint(error)}`, { cause: error });
    }
  };
  await step("downloading TensorFlow", () => fetchTensorflow(temporary));
  await step("downloading Node's headers", () => fetchNodeApi(temporary));
  const ready = path.join(temporary, "ready");
  fs.mkdirSync(ready);
  await step("compiling the binding", () => compile(temporary, ready));
  for (const library of libraries) {
    fs.renameSync(path.join(temporary, "tensorflow", library), path.join(ready, library));
    await run("strip", ["--strip-unneeded", path.join(ready, library)]).catch(() => "a quarter larger, and as good");
  }
  replaceFolder(ready, cache, temporary);
}

/** Downloads the wheel, with pip checking its hash, and unpacks the two libraries and the headers to `tensorflow/`. */
async function fetchTensorflow(temporary) {
  const requirements = path.join(temporary, "requirements.txt");
  fs.writeFileSync(requirements, `tensorflow-cpu==${tensorflow.version} --hash=sha256:${tensorflow.sha256}\n`);
  const wheels = path.join(temporary, "wheels");
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-cache-dir", "--retries", "2"];
  const target = [
    "--platform",
    "manylinux2014_x86_64",
    "--implementation",
    "cp",
    "--python-version",
    tensorflow.python,
  ];
  const what = [
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--dest",
    wheels,
    "--requirement",
    requirements,
  ];
  const env = { ...process.env, TMPDIR: temporary };
  await run("python3", ["-m", "pip", "download", ...quiet, ...target, ...what], { env });
  const names = [...libraries, ...headers.map((header) => `include/${header}`)].map((name) => `tensorflow/${name}`);
  const unzip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2], sys.argv[3:])";
  const [wheel] = fs.readdirSync(wheels);
  await run("python3", ["-c", unzip, path.join(wheels, wheel), temporary, ...names]);
}

async function fetchNodeApi(temporary) {
  await npm(["pack", nodeApi.package], { cwd: temporary });
  const archive = path.join(
    temporary,
    fs.readdirSync(temporary).find((name) => name.endsWith(".tgz")),
  );
  const integrity = `sha512-${createHash("sha512").update(fs.readFileSync(archive)).digest("base64")}`;
  if (integrity !== nodeApi.integrity) throw new Error(`${nodeApi.package} has changed (${integrity})`);
  await run("tar", ["xzf", archive], { cwd: temporary });
}

async function compile(temporary, ready) {
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => path.join(packageFolder, "binding", name));
  const includes = [path.join("package", "include"), path.join("tensorflow", "include")].map((name) => `-I${name}`);
  const link = ["-Ltensorflow", ...libraries.map((name) => `-l:${name}`), "-Wl,-rpath,$ORIGIN/../../deps/lib"];
  const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-w", "-DNAPI_VERSION=8"];
  await run("g++", [...flags, ...includes, ...sources, "-o", path.join(ready, binding), ...link], { cwd: temporary });
}

/** Returns everything an outcome depends on that can be checked in a millisecond. */
function circumstances() {
  const state = (folder, name) => {
    const stat = fs.statSync(path.join(folder, name), { throwIfNoEntry: false });
    return `${name} ${stat === undefined ? "missing" : `${stat.size} ${stat.mtimeMs}`}`;
  };
  const list = (folder) => (fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => state(folder, name)) : []);
  return JSON.stringify([process.version, tools(), list(bindingFolder), list(libraryFolder)]);
}

function remember(outcome) {
  fs.mkdirSync(path.dirname(memory), { recursive: true });
  fs.writeFileSync(memory, JSON.stringify({ outcome, circumstances: circumstances() }));
}

function remembered() {
  try {
    const noted = JSON.parse(fs.readFileSync(memory, "utf8"));
    return noted.circumstances === circumstances() ? noted.outcome : undefined;
  } catch {
    return undefined;
  }
}

if (isMain(import.meta.url)) {
  const outcome = process.argv.includes("--check") ? await load() : await prepareNative({ again: true });
  if (outcome.ready) console.log(`native backend: TensorFlow ${outcome.version}`);
  else console.error(`native backend: not available: ${outcome.reason}`);
  process.exitCode = outcome.ready ? 0 : 1;
}
