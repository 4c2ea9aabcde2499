/** @file Writes the models of a program as one SavedModel of TensorFlow: nodes, a signature for each model, and what Fuse notes. */
import { storedArrays } from "../../plan/prepared.ts";
import { encode } from "../../protobuf/message.ts";
import { dataTypes, SavedModel, type NodeDef, type SignatureDef } from "../../protobuf/tensorflow.ts";
import { madeBy } from "../../weights/made-by.ts";
import { writeSafetensors } from "../../weights/safetensors.ts";
import { printModelInfo } from "../model-info.ts";
import { seal } from "../seal.ts";
import type { Unsupported } from "../steps.ts";
import { modelInfo, programName, type Emission, type SourceInfo, type WeightedPlan } from "../target.ts";
import { NodeNames } from "../tensorflow/emitter.ts";
import { emitGraph, versions, type Port, type PreparedNode } from "../tensorflow/graph.ts";
import { digestsOf, preparedBytes, SharedTensors } from "./constants.ts";
import { markOf, paths, printNotes } from "./layout.ts";

/**
 * If weights take more bytes than this in all, they are fed on every run instead of being constants of the graph.
 * TensorFlow needs 4.8 s and 2.3 GB of memory to load 400 MB of constants, but 13 ms and 1.1 GB to feed them. For
 * smaller models constants are better, because the kernels keep them in their own layout (8 convolutions of 512
 * channels at 14 x 14: 21 ms instead of 31).
 */
export const fedAbove = 150e6;

/** The largest protobuf message, in bytes. */
export const messageLimit = 2 ** 31 - 1;

/**
 * Returns the files of the folder `<program>.saved-model`. The plans are for `savedModelProfile`. The same plans and
 * weights give the same bytes.
 */
export function emitSavedModel(models: readonly WeightedPlan[], info: SourceInfo, limit: number = fedAbove): Emission {
  const { weights, literals } = preparedBytes(models.map(({ plan }) => plan));
  const feed = weights > limit;
  const constants = literals + (feed ? 0 : weights);
  if (constants > messageLimit) return { tooLarge: constants };

  const names = new NodeNames();
  const shared = new SharedTensors(feed);
  const nodes: NodeDef[] = [];
  const unsupported: Unsupported[] = [];
  const signatures = new Map<string, SignatureDef>();
  for (const { plan, load } of models) {
    const { name } = plan.graph;
    const prefix = models.length === 1 ? "" : `${name}/`;
    const values = plan.prepared.map(({ value }) => value);
    const [arrays, digests] = [storedArrays(values, load), digestsOf(values)];
    const node: PreparedNode = (e, wish, value) => shared.node(e, wish, value, digests.get(value)!, arrays.get(value)!);
    const graph = emitGraph(plan, false, node, { names, prefix });
    nodes.push(...graph.nodes);
    unsupported.push(...graph.unsupported);
    const fed = graph.prepared.map(({ port }) => port).filter(({ tensor }) => shared.fed.has(tensor));
    signatures.set(name, signature([...graph.inputs, ...fed], graph.results));
  }
  if (unsupported.length > 0) return { unsupported };
  const [first] = signatures.values();
  // The signature that tools use by default.
  if (first !== undefined && !signatures.has("serving_default")) signatures.set("serving_default", first);

  const model = encode(SavedModel, {
    schemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { metaGraphVersion: markOf(info.version), tags: ["serve"] },
        graphDef: { node: nodes, versions },
        signatureDef: signatures,
      },
    ],
  });
  const files = [{ path: paths.model, bytes: model }];
  if (feed)
    files.push({
      path: paths.weights,
      bytes: new Uint8Array(writeSafetensors(shared.fed, { metadata: madeBy(info.version) })),
    });
  const notes = printNotes(
    info.version,
    models.map(({ plan }) => printModelInfo(modelInfo(plan, info))),
  );
  const sealed = seal(
    notes,
    files.map(({ bytes }) => bytes),
  );
  files.push({ path: paths.notes, bytes: new TextEncoder().encode(sealed) });
  const folder = `${programName(info.source)}.saved-model`;
  return { files: files.map(({ path, bytes }) => ({ path: `${folder}/${path}`, bytes })) };
}

function signature(inputs: readonly Port[], outputs: readonly Port[]): SignatureDef {
  const tensors = (ports: readonly Port[]) =>
    new Map(
      ports.map(({ name, tensor, dtype, shape }) => {
        const tensorShape = { dim: shape.map((size) => ({ size })) };
        // Python requires the index of the node's output.
        return [name, { name: `${tensor}:0`, dtype: dataTypes[dtype], tensorShape }];
      }),
    );
  return { inputs: tensors(inputs), outputs: tensors(outputs), methodName: "tensorflow/serving/predict" };
}
