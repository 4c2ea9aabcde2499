/** @file Runs a SavedModel as a TensorFlow session, through tfjs-node's binding. */
import * as tf from "@tensorflow/tfjs-core";
import type { SessionModel } from "../../../codegen/saved-model/read.ts";
import { nativeBackend } from "../../../runtime/node/native/binding.ts";
import { openSession } from "../../../runtime/node/native/session.ts";
import { DataError } from "../../../weights/data-error.ts";
import { toTensor, withTensors, type Engine } from "./engine.ts";

/**
 * Creates the engine of a `saved_model.pb` that `readSavedModel` has validated. The current backend is `tensorflow`.
 * @throws DataError if TensorFlow rejects it
 */
export function savedModelEngine(session: SessionModel): Engine {
  const backend = nativeBackend();
  if (backend === undefined) throw new DataError("this tfjs-node has no sessions");
  const id = saying("load", () => openSession(backend, session.bytes));
  const fed = [...session.fed].map(([name, array]) => ({ name, tensor: tf.keep(toTensor(array)) }));
  const results = [...session.results];
  return {
    on: tf.getBackend(),
    run: (inputs) =>
      withTensors(inputs, (given) => {
        const feeds = [
          ...Object.entries(given).map(([name, tensor]) => ({ name: session.inputs.get(name)!, tensor })),
          ...fed,
        ];
        const tensors = saying("run", () =>
          backend.runSavedModel(
            id,
            feeds.map(({ tensor }) => tensor),
            feeds.map(({ name }) => ({ name })),
            results.map(([, tensor]) => tensor),
          ),
        );
        return Object.fromEntries(results.map(([name], i) => [name, tensors[i]!]));
      }),
    dispose: () => {
      tf.dispose(fed.map(({ tensor }) => tensor));
      backend.deleteSavedModel(id);
    },
  };
}

function saying<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DataError(`TensorFlow cannot ${what} the model: ${firstLine(error.message)}`);
  }
}

function firstLine(message: string): string {
  return message.split("\n")[0]!.replace(/\p{C}/gu, " ").slice(0, 300);
}
