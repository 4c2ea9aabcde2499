/** @file Moves the channels of images, in Node and in browsers. */

export const product = (sizes) => sizes.reduce((a, b) => a * b, 1);

/** Moves the channels of an image first. Returns other arrays unchanged. */
export function toChannelsFirst(array) {
  if (array.shape.length !== 4) return array;
  const [n, h, w, c] = array.shape;
  const moved = new Float32Array(array.data.length);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < h * w; p++)
      for (let k = 0; k < c; k++) moved[(i * c + k) * h * w + p] = array.data[(i * h * w + p) * c + k];
  return { shape: [n, c, h, w], data: moved };
}

/** Moves the channels of an image last. Returns the elements; those of other arrays unchanged. */
export function toChannelsLast({ dims: [n, c, ...places], data }) {
  if (places.length !== 2) return data;
  const count = product(places);
  const moved = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < count; p++)
      for (let k = 0; k < c; k++) moved[(i * count + p) * c + k] = data[(i * c + k) * count + p];
  return moved;
}
