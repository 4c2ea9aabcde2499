/** @file Weight files of other tools, end to end: values that PyTorch and Keras computed, warnings, and what is refused. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../src/node/tensor-files.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { fuse } from "../support/command-line.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const put = (name: string, content: string | Uint8Array) => writeFileSync(at(name), content);

const image = "[n, c: 3, h, w]";
const convolution = (layer: string) => `fuse 1
model M(x: [n, h: 3, w: 4, c: 2]) -> (y: [n, k: 5]) {
  return x |> conv(c: 2) @conv |> ${layer} @fc
}
`;
const programs: Readonly<Record<string, string>> = {
  "attention.fuse": `fuse 1
import { MultiheadAttention } from "fuse/attention"
model M(x: [n, t, d: 8]) -> (y: [n, t, d: 8]) {
  return MultiheadAttention(x, heads: 2, bias: false) @m
}
`,
  "own.fuse": `fuse 1
model M(x: ${image}) -> (y: ${image}) {
  return instancenorm(x, affine: true) @i
}
`,
  "running.fuse": `fuse 1
model M(x: ${image}) -> (y: ${image}) {
  return instancenorm(x, affine: true, track_running_stats: true) @i
}
`,
  "hwc.fuse": convolution("linear([h, w, c] -> k: 5)"),
  "chw.fuse": convolution("linear([c, h, w] -> k: 5)"),
  "merged.fuse": convolution("reshape([c, h, w] -> d: 24) |> linear(d -> k: 5)"),
  "net.fuse": `fuse 1
model Net(x: [n, c: 3, h, w]) -> (y: [n, k: 5]) {
  return x |> conv(c: 4, kernel: 3, bias: false) @stem |> batchnorm @bn |> relu |> mean(axis: [h, w]) |> linear(c -> k: 5) @fc
}
`,
  "linear.fuse": `fuse 1
model M(x: [n, c: 3]) -> (y: [n, k: 2]) {
  return linear(x, c -> k: 2) @fc
}
`,
  "two.fuse": `fuse 1
model A(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return linear(x, c: 2) @fc
}
model B(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return linear(x, c: 2, bias: false) @fc
}
`,
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-weights-"));
  cpSync(new URL("../fixtures/weights", import.meta.url), folder, { recursive: true });
  for (const [name, text] of Object.entries(programs)) put(name, text);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = (command: string) => fuse(folder, command.split(" "));

describe("results are those of the source", () => {
  test("attention without a bias", async () => {
    const data = "--weights attention-no-bias/w.safetensors --in x=attention-no-bias/x.npy";
    const { code, err } = await run(
      `run attention.fuse --backend wasm ${data} --expect y=attention-no-bias/want-y.npy`,
    );
    expect([code, err]).toEqual([0, ""]);
  });

  test("instance normalisation with running statistics", async () => {
    const data = "--weights instancenorm/w.safetensors --in x=instancenorm/x.npy --expect y=instancenorm/want-y.npy";
    expect((await run(`run running.fuse --backend wasm ${data}`)).code).toBe(0);
    const own = await run(`run own.fuse --backend wasm ${data}`);
    expect(own.code).toBe(1);
    expect(own.err).toMatch(
      "warning[unused-tensors]: `instancenorm/w.safetensors` has 2 tensors that the model does not use, in layers that it uses\n" +
        '  = "i.running_mean" [3], beside i.bias, at own.fuse:3\n' +
        '  = "i.running_var" [3], beside i.bias, at own.fuse:3\n' +
        "  help: to use running statistics    track_running_stats: true\n",
    );
  });

  test.each(["hwc.fuse", "chw.fuse"])("a dense layer after a flatten, %s", async (program) => {
    const model = "--weights keras-flatten/model.json --rename keras-flatten/names.json";
    const data = "--in x=keras-flatten/x.npy --expect y=keras-flatten/want-y.npy";
    const { code, err } = await run(`run ${program} --backend wasm ${model} ${data}`);
    expect([code, err]).toEqual([0, ""]);
  });

  test("a dense layer after a flatten whose order the program hides is refused", async () => {
    const { code, err } = await run(
      "weights merged.fuse --check keras-flatten/model.json --rename keras-flatten/names.json",
    );
    expect(code).toBe(1);
    expect(err).toBe(
      'error[bad-data]: keras-flatten/model.json: tensor "fc/kernel" takes features that a Flatten made in the order ' +
        "(height, width, 2 channels), which [d: 24] of fc.weight does not tell, at merged.fuse:3: " +
        "name the axes there, `linear([h, w, c] -> …)`\n",
    );
  });
});

describe("values", () => {
  test("that f16 does not hold stay in f32", async () => {
    const { code, out } = await run(
      "weights net.fuse --convert beyond-f16.safetensors --dtype f16 -o half.safetensors",
    );
    expect(code).toBe(0);
    expect(out).toMatch(
      /kept as f32, because values would be lost \(2\):\n {2}stem.weight: 1 infinite of 108 values\n {2}bn.running_var: 4 zero of 4 values\n$/,
    );
    const stored = await openWeights(at("half.safetensors"));
    expect([...stored.values()].map(({ name, dtype }) => [name, dtype])).toEqual([
      ["stem.weight", "F32"],
      ["bn.running_var", "F32"],
      ["bn.weight", "F16"],
      ["bn.bias", "F16"],
      ["bn.running_mean", "F16"],
      ["fc.weight", "F16"],
      ["fc.bias", "F16"],
    ]);
    expect(stored.get("stem.weight")!.read().data[0]).toBe(1e6);
    expect(stored.get("bn.running_var")!.read().data[0]).toBe(Math.fround(1e-9));
  });

  test("that are not finite are counted", async () => {
    const { code, out, err } = await run("weights net.fuse --check non-finite.safetensors");
    expect([code, out]).toEqual([0, "non-finite.safetensors matches Net: 7 tensors, 149 parameters\n"]);
    expect(err).toBe(
      "warning[non-finite-weights]: `non-finite.safetensors` has 2 values that are not finite\n" +
        "  = stem.weight: 1 infinite of 108 values\n  = fc.bias: 1 NaN of 5 values\n",
    );
    for (const target of ["esm", "saved-model", "onnx"]) {
      const built = await run(`build net.fuse --weights non-finite.safetensors --target ${target} -o non-finite`);
      expect([built.code, built.err], target).toEqual([
        0,
        "warning[non-finite-weights]: `non-finite.safetensors` has 1 value that is not finite\n" +
          "  = stem.weight: 1 infinite of 108 values\n  = `fuse weights --check` counts those of all weights\n",
      ]);
    }
  });

  test("that are quantised have a scale, which is not in the tensor", async () => {
    const { code, err } = await run("weights linear.fuse --check int8.safetensors");
    expect(code).toBe(1);
    expect(err).toBe(
      'error[bad-data]: int8.safetensors: tensor "fc.weight" holds quantised integers (I8) without their scale: ' +
        "save it as F32 or F16, with the scale applied\n",
    );
  });
});

describe("a build with several models", () => {
  const tensor = (shape: number[]) => ({
    dtype: "f32" as const,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });

  test.each(["esm", "onnx"])("warns only of what none of them uses, %s", async (target) => {
    const both = new Map([
      ["fc.weight", tensor([2, 2])],
      ["fc.bias", tensor([2])],
    ]);
    put("both.safetensors", writeSafetensors(both));
    expect((await run(`build two.fuse --weights both.safetensors --target ${target} -o out-${target}`)).err).toBe("");
    put("more.safetensors", writeSafetensors(both.set("fc.gain", tensor([2]))));
    const { err } = await run(`build two.fuse --weights more.safetensors --target ${target} -o out-${target}`);
    expect(err).toBe(
      "warning[unused-tensors]: `more.safetensors` has 1 tensor that the model does not use, in layers that it uses\n" +
        '  = "fc.gain" [2], beside fc.bias, at two.fuse:3\n',
    );
  });
});

describe("files that fuse did not write", () => {
  test.each(["--init kept.safetensors", "--convert int8.safetensors -o kept.safetensors"])(
    "stay: %s",
    async (option) => {
      const before = readFileSync(at("int8.safetensors"));
      put("kept.safetensors", before);
      const { code, err } = await run(`weights linear.fuse ${option}`);
      expect(code).toBe(1);
      expect(err).toMatch(
        /^error\[would-overwrite\]: .*kept.safetensors`\n {2}= `fuse` did not write the existing file\n$/,
      );
      expect(readFileSync(at("kept.safetensors")).equals(before)).toBe(true);
    },
  );

  test("its own are replaced", async () => {
    for (let time = 0; time < 2; time++)
      expect((await run("weights linear.fuse --init fresh.safetensors")).code).toBe(0);
  });
});

test("a key that a map of names has twice is refused, also between maps", async () => {
  put("twice.json", '{"a": "fc.weight", "a": "fc.bias"}');
  put("once.json", '{"a": "fc.weight"}');
  const check = "weights linear.fuse --check int8.safetensors --rename";
  expect((await run(`${check} twice.json`)).err).toBe('error[bad-data]: twice.json: renames "a" twice\n');
  expect((await run(`${check} once.json --rename a=b`)).err).toBe('error[bad-input]: `--rename` renames "a" twice\n');
});

test("a dtype in a message is the file's", async () => {
  const whole = { dtype: "bool" as const, shape: [1, 3], data: Uint8Array.of(0, 1, 1) };
  writeFileSync(
    at("bytes.npy"),
    Buffer.from(Buffer.from(writeNpy(whole)).toString("latin1").replace("|b1", "|u1"), "latin1"),
  );
  const { err } = await run("run linear.fuse --in x=bytes.npy");
  expect(err).toBe(
    "error[bad-input]: M: x must be f32 (linear.fuse:2), got uint8\n  help: convert it in NumPy    x.astype(np.float32)\n",
  );
});
