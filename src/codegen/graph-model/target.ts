/** @file The target `graph-model`: a `model.json` and its shards for each model, as TensorFlow.js loads them. */
import { DataError } from "../../weights/data-error.ts";
import { parseJson, readText } from "../../weights/json.ts";
import { tfjsShardPaths } from "../../weights/tfjs.ts";
import { madeByOthers, type ReadPart, type Target } from "../target.ts";
import { emitGraphModel, isGraphModelOfFuse } from "./emit.ts";
import { graphModelProfile } from "./profile.ts";
import { notesOf, readGraphModel, type LoadableGraphModel } from "./read.ts";

export const graphModel = {
  doc: "TensorFlow.js graph models",
  profile: graphModelProfile,
  holdsWeights: true,
  emit: emitGraphModel,
  // A shard has no mark of its own.
  isOurs: async (path, start, beside) =>
    isGraphModelOfFuse(path.endsWith(".json") ? start : await beside("model.json")),
  reader: {
    suffix: ".json",
    read: async (part) => {
      const text = readText((await part("")) ?? new Uint8Array());
      const json = parseJson(text);
      if (notesOf(json) === undefined) throw new DataError(madeByOthers);
      return [readGraphModel(text, await readShards(json, part))];
    },
  },
} as const satisfies Target<LoadableGraphModel>;

/** Returns the content of all shards, concatenated. */
async function readShards(json: unknown, part: ReadPart): Promise<Uint8Array> {
  const shards: Uint8Array[] = [];
  for (const path of tfjsShardPaths(json)) shards.push((await part(path)) ?? new Uint8Array());
  const data = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const shard of shards) {
    data.set(shard, position);
    position += shard.length;
  }
  return data;
}
