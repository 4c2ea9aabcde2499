/** @file The target `saved-model`: all models of a program as one TensorFlow SavedModel. */
import { DataError } from "../../weights/data-error.ts";
import { isMadeByFuse } from "../../weights/made-by.ts";
import { madeByOthers, type Target } from "../target.ts";
import { emitSavedModel } from "./emit.ts";
import { isNotesOfFuse, isSavedModelOfFuse, paths } from "./layout.ts";
import { savedModelProfile } from "./profile.ts";
import { readSavedModel, type SessionModel } from "./read.ts";

export const savedModel = {
  doc: "a SavedModel for TensorFlow, TensorFlow Serving and tfjs-node",
  profile: savedModelProfile,
  holdsWeights: true,
  emit: emitSavedModel,
  isOurs: (path, start) => {
    if (path.endsWith(paths.model)) return isSavedModelOfFuse(start);
    return path.endsWith(paths.weights) ? isMadeByFuse(start) : isNotesOfFuse(start);
  },
  reader: {
    read: async (part) => {
      const [model, notes] = [await part(paths.model), await part(paths.notes)];
      if (model === undefined || notes === undefined) throw new DataError(madeByOthers);
      return readSavedModel({ model, notes, weights: await part(paths.weights) });
    },
  },
} as const satisfies Target<SessionModel>;
