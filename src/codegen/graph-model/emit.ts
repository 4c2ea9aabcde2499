/** @file Writes models as TensorFlow.js graph models: a `model.json` and its shards for each. */
import { storedArrays } from "../../plan/prepared.ts";
import { dataTypes } from "../../protobuf/tensorflow.ts";
import { printModelInfo } from "../model-info.ts";
import { seal, unsealed } from "../seal.ts";
import type { Unsupported } from "../steps.ts";
import {
  modelInfo,
  programName,
  type BinaryFile,
  type Emission,
  type SourceInfo,
  type WeightedPlan,
} from "../target.ts";
import { emitGraph, versions, type Port } from "../tensorflow/graph.ts";
import { nodesToJson, shapeJson, typeName, type StoredConstant } from "./json.ts";

/** The size of a shard, in bytes. Browsers cache this well, and all TensorFlow.js tools use it. */
const shardSize = 4 * 2 ** 20;

/**
 * Returns the files of a folder `<program>.graph-model`, or `<program>-<Model>.graph-model` for each of several models.
 * The plans are for `graphModelProfile`. The same plans and weights give the same bytes.
 */
export function emitGraphModel(models: readonly WeightedPlan[], info: SourceInfo): Emission {
  const files: BinaryFile[] = [];
  const unsupported: Unsupported[] = [];
  for (const model of models) {
    const name = models.length === 1 ? "" : `-${model.plan.graph.name}`;
    const emission = emitOne(model, info);
    if ("unsupported" in emission) unsupported.push(...emission.unsupported);
    else
      for (const { path, bytes } of emission.files)
        files.push({ path: `${programName(info.source)}${name}.graph-model/${path}`, bytes });
  }
  return unsupported.length > 0 ? { unsupported } : { files };
}

function emitOne({ plan, load }: WeightedPlan, info: SourceInfo): Exclude<Emission, { readonly tooLarge: number }> {
  const arrays = storedArrays(
    plan.prepared.map(({ value }) => value),
    load,
  );
  const graph = emitGraph(plan, true, (e, name, value) => e.literal(name, arrays.get(value)!));
  if (graph.unsupported.length > 0) return graph;
  const { node, constants } = nodesToJson(graph.nodes);
  const data = concatenate(constants);
  const shards = shardsOf(data);
  const topology = JSON.stringify({ node, library: {}, versions });
  const specs = JSON.stringify(constants.map(({ name, shape, dtype }) => ({ name, shape, dtype })));
  const parts = [
    ["format", `"graph-model"`],
    ["generatedBy", JSON.stringify(`fuse ${info.version}`)],
    ["convertedBy", `null`],
    ["signature", JSON.stringify({ inputs: tensors(graph.inputs), outputs: tensors(graph.results) })],
    [
      "userDefinedMetadata",
      `{"structuredOutputKeys":${JSON.stringify(graph.results.map(({ name }) => name))},` +
        `"fuse":{${unsealed},"model":${printModelInfo(modelInfo(plan, info))}}}`,
    ],
    ["modelTopology", topology],
    ["weightsManifest", `[{"paths":${JSON.stringify(shards.map(({ path }) => path))},"weights":${specs}}]`],
  ];
  const json = seal(`{${parts.map(([key, value]) => `"${key}":${value}`).join(",\n")}}\n`, [data]);
  return { files: [{ path: "model.json", bytes: new TextEncoder().encode(json) }, ...shards] };
}

/** Whether a `model.json` begins like one that Fuse wrote. */
export function isGraphModelOfFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(0, 100)).startsWith(`{"format":"graph-model",\n"generatedBy":"fuse `);
}

function tensors(ports: readonly Port[]): object {
  const entries = ports.map(({ name, tensor, dtype, shape }) => {
    const value = { name: `${tensor}:0`, dtype: typeName(dataTypes[dtype]), tensorShape: shapeJson(shape) };
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

function concatenate(constants: readonly StoredConstant[]): Uint8Array {
  const data = new Uint8Array(constants.reduce((sum, { content }) => sum + content.length, 0));
  let position = 0;
  for (const { content } of constants) {
    data.set(content, position);
    position += content.length;
  }
  return data;
}

/** Returns at least one shard, because readers load the one that is named. */
function shardsOf(data: Uint8Array): readonly BinaryFile[] {
  const count = Math.max(1, Math.ceil(data.length / shardSize));
  return Array.from({ length: count }, (_, i) => ({
    path: `group1-shard${i + 1}of${count}.bin`,
    bytes: data.subarray(i * shardSize, (i + 1) * shardSize),
  }));
}
