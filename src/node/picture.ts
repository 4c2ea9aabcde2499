/** @file A picture in memory, and the limit on its size. */
import { DataError } from "../weights/data-error.ts";

/** 8-bit samples, row by row from the top, channels innermost: grey, RGB or RGBA (alpha not premultiplied). */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

/** 100 megapixels. */
export const maxPixels = 100_000_000;

/** Rejects a size that a header claims, before anything is allocated for it. @throws DataError */
export function checkSize(width: number, height: number, limit: number): void {
  if (width < 1 || height < 1) throw new DataError(`has the invalid size ${width} x ${height}`);
  if (width * height > limit) {
    throw new DataError(`has ${width} x ${height} pixels, more than the limit of ${limit / 1e6} megapixels`);
  }
}
