/** @file Blurs the background of a photograph, and measures how long a frame takes. */
import { BackgroundBlur } from "./background-blur.standalone.js";

const { h, w } = BackgroundBlur.sizes;
const element = (id) => document.getElementById(id);
const drawing = (id) => element(id).getContext("2d", { willReadFrequently: true });
const [before, after] = [drawing("before"), drawing("after")];

element("split").addEventListener("input", ({ target }) =>
  element("picture").style.setProperty("--split", `${target.value}%`),
);

try {
  const model = await BackgroundBlur.load("background-blur.safetensors");
  const blurred = { picture: new Float32Array(h * w * 3) };

  const show = async (source) => {
    drawFilling(before, await createImageBitmap(source));
    const photo = colours(before);
    model.run({ photo }, blurred);
    drawColours(after, blurred.picture);
    await measure(() => model.run({ photo }, blurred));
  };

  element("file").addEventListener("change", ({ target }) => target.files[0] && show(target.files[0]).catch(complain));
  await show(await (await fetch("astronaut.png")).blob());
  element("code").textContent = kilobytes(".standalone.js", ".standalone.wasm");
  element("weights").textContent = kilobytes(".safetensors");
} catch (error) {
  complain(error);
}

/** Draws a picture so that it fills the canvas, its middle in the middle. */
function drawFilling(context, picture) {
  const scale = Math.max(w / picture.width, h / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, (w - width) / 2, (h - height) / 2, width, height);
}

/** Returns red, green and blue of all pixels, from 0 to 1. */
function colours(context) {
  const { data } = context.getImageData(0, 0, w, h);
  return Float32Array.from({ length: h * w * 3 }, (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)] / 255);
}

function drawColours(context, values) {
  const image = context.createImageData(w, h);
  for (let pixel = 0; pixel < h * w; pixel++) {
    for (let channel = 0; channel < 3; channel++)
      image.data[4 * pixel + channel] = 255 * values[3 * pixel + channel] + 0.5;
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Shows the median of many runs, some in each frame of the page, because browsers compile what runs often once more. */
async function measure(run) {
  const times = [];
  while (times.length < 100) {
    await new Promise(requestAnimationFrame);
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      run();
      times.push(performance.now() - start);
    }
    const latest = times.slice(-50).sort((a, b) => a - b);
    element("time").textContent = `${latest[Math.floor(latest.length / 2)].toFixed(1)} ms`;
  }
}

/** Returns the size of files as they were sent. */
function kilobytes(...endings) {
  const files = performance
    .getEntriesByType("resource")
    .filter(({ name }) => endings.some((end) => name.endsWith(end)));
  return `${(files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1000).toFixed(1)} KB`;
}

function complain(error) {
  element("problem").textContent = error.message;
}
