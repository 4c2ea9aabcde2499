/** @file Loads `sharp`, which decodes and encodes pictures, on first use. */
import type Sharp from "sharp";
import { DataError } from "../weights/data-error.ts";
import { pictureFormats } from "./picture-formats.ts";

/**
 * Loads libvips, limited to the formats of `picture-formats.ts` and without a cache between pictures.
 * @throws DataError if it is not installed or has no binary for this machine
 */
export async function loadSharp(): Promise<typeof Sharp> {
  let sharp: typeof Sharp;
  try {
    ({ default: sharp } = await import("sharp"));
  } catch {
    throw new DataError(
      `pictures need the package sharp, which failed to load on this machine (${process.platform} ${process.arch}). ` +
        "To install it: npm install --include=optional sharp; where it has no binary: npm install --cpu=wasm32 @img/sharp-wasm32",
    );
  }
  sharp.cache(false);
  // Blocking a class also blocks its subclasses: SVG, GIF and everything else that libvips was built with.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: pictureFormats.map(({ loader }) => loader) });
  return sharp;
}
