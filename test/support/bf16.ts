/** @file Loads a model with and without `allowBf16` in its own process, and prints the results. */
import { DataError, model, type ModelDefinition } from "../../src/runtime/node/index.ts";

const definition: ModelDefinition = {
  name: "Net",
  guard: { model: "Net", inputs: [], variables: [], requirements: [] },
  manifest: [],
  prepare: [],
  prepared: {},
  run: () => ({}),
};
const variable = "ONEDNN_DEFAULT_FPMATH_MODE";
const said: (string | undefined)[] = [process.env[variable]];
/** In the order of the arguments. */
for (const allowBf16 of process.argv.slice(2)) {
  await model(definition)
    .load(undefined, { allowBf16: allowBf16 === "true" })
    .then(
      () => said.push(process.env[variable] ?? "unset"),
      (error: unknown) => said.push(error instanceof DataError ? error.message : "another error"),
    );
}
process.stdout.write(JSON.stringify(said));
