/** @file Loads `sharp`, which decodes and encodes pictures: when one is read or written, and not before. */
import type Sharp from "sharp";
import { DataError } from "../weights/data-error.ts";
import { pictureFormats } from "./picture-formats.ts";

/**
 * libvips, told to read nothing but the formats of `picture-formats.ts`, and to keep nothing of a picture for another one.
 * @throws DataError where it is not installed or has no binary for this machine
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
  // Blocking a class blocks all that derive from it: SVG, GIF and what else libvips was built with.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: pictureFormats.map(({ loader }) => loader) });
  return sharp;
}
