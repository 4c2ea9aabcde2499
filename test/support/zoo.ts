/** @file The networks of examples/zoo, each with the settings of the narrow one whose tensors lie beside it. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { storedTensor, type StoredDType, type TensorSource } from "../../src/weights/tensors.ts";

export interface Network {
  /** The program and the tensors, without the ending. */
  readonly file: string;
  /** Where the published network and the names of its weights are. */
  readonly source: string;
  /** The settings of the narrow network, in the form of `--set`. */
  readonly settings: Readonly<Record<string, string>>;
}

export const zoo: readonly Network[] = [
  {
    file: "mobilenet-v2",
    source: "torchvision `mobilenet_v2`",
    settings: { width: "4", last: "40", classes: "10" },
  },
  {
    file: "efficientnet-b0",
    source: "torchvision `efficientnet_b0`",
    settings: { width: "2", expand: "2", last: "40", classes: "10" },
  },
  {
    file: "convnext-tiny",
    source: "torchvision `convnext_tiny`",
    settings: { width: "6", depth: "2", depth3: "3", classes: "10" },
  },
  {
    file: "densenet-121",
    source: "torchvision `densenet121`",
    settings: { growth: "4", depth1: "3", depth2: "4", depth3: "4", depth4: "3", classes: "10" },
  },
  { file: "unet", source: "milesial/Pytorch-UNet", settings: { width: "3" } },
  {
    file: "deeplabv3-head",
    source: "torchvision `DeepLabHead`",
    settings: { channels: "24", width: "8", rate: "2", classes: "5" },
  },
  { file: "yolov8-neck", source: "ultralytics `yolov8n`", settings: { width: "8", depth: "2" } },
  {
    file: "bifpn",
    source: "zylo117/Yet-Another-EfficientDet-Pytorch",
    settings: { c3: "5", c4: "6", c5: "7", width: "8" },
  },
  {
    file: "vit-b-16",
    source: "torchvision `vit_b_16`",
    settings: { size: "32", patch: "8", width: "24", depth: "2", heads: "3", classes: "10" },
  },
  {
    file: "segformer-b0",
    source: "transformers 5 `SegformerForSemanticSegmentation`",
    settings: { width: "4", decoder: "24", classes: "5" },
  },
  {
    file: "swin-t",
    source: "torchvision `swin_t`",
    settings: { size: "40", width: "4", heads: "1", pairs: "2", window: "3", classes: "10" },
  },
  {
    file: "llama",
    source: "transformers `LlamaForCausalLM`, TinyLlama-1.1B",
    settings: { vocabulary: "40", width: "32", hidden: "48", depth: "2", heads: "4", groups: "2" },
  },
];

export const zooPath = (file: string): string => `examples/zoo/${file}.fuse`;
export const zooText = (file: string): string => readFileSync(zooPath(file), "utf8");

/** A published network, as its own code describes it. */
export interface Published {
  readonly parameters: number;
  readonly macs: number;
  /** The shapes of inputs for which it needs that many multiply-accumulates. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly state_dict: Readonly<Record<string, { readonly dtype: StoredDType; readonly shape: readonly number[] }>>;
}

/** The published networks by their files: what test/golden/reference_zoo.py wrote. */
export const published = JSON.parse(gunzipSync(readFileSync("test/golden/zoo.json.gz")).toString()) as Readonly<
  Record<string, Published>
>;

/** Returns a state_dict that has names, types and shapes, but no values. */
export function namesOf({ state_dict }: Published): TensorSource {
  const none = new Uint8Array();
  return new Map(
    Object.entries(state_dict).map(([name, { dtype, shape }]) => [name, storedTensor(name, dtype, shape, none)]),
  );
}
