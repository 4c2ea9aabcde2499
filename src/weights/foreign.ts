/** @file Recognizes files that are often given by mistake, and says what to do with them. */

/** What a file is, and the one thing to do. */
interface Foreign {
  readonly what: string;
  readonly advice: string;
  readonly is: (start: string) => boolean;
}

const begins = (mark: string) => (start: string) => start.startsWith(mark);

const save = "save its tensors as .safetensors";
const decompress = "unpack it";
const convert = "convert it to a model.json with tensorflowjs_converter";
const picture = "convert it to a .png";

/** In the order in which they are tried. The marks of binary formats are those of their specifications. */
const formats: readonly Foreign[] = [
  {
    what: "a Git LFS pointer, which only names the real file",
    advice: "run `git lfs pull`",
    is: begins("version https://git-lfs"),
  },
  {
    what: "an HTML page, so its address is not that of the file",
    advice: "download the file itself (Hugging Face has it at /resolve/, not /blob/)",
    is: (start) => /^(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|\?xml|!--)/i.test(start),
  },
  {
    what: "an .npz archive of NumPy",
    advice: `${save}: safetensors.numpy.save_file(dict(np.load(FILE)), "net.safetensors")`,
    is: (start) => start.startsWith("PK") && /^.{28,32}[^\0]*\.npy/s.test(start),
  },
  {
    what: "a PyTorch file with a pickle in it, which Fuse does not execute",
    advice: `${save}: safetensors.torch.save_file(model.state_dict(), "net.safetensors")`,
    is: (start) => start.startsWith("PK") && /\/data\.pkl|\.data\/|\/byteorder/.test(start),
  },
  { what: "a zip archive, as PyTorch's .pt and Keras's .keras are", advice: save, is: begins("PK") },
  { what: "a Python pickle, which Fuse does not execute", advice: save, is: (start) => /^\x80[\x01-\x05]/.test(start) },
  { what: "an HDF5 file, as Keras's .h5 is", advice: convert, is: begins("\x89HDF") },
  {
    what: "a TensorFlow Lite model",
    advice: "use the weights of the model that it was converted from",
    is: (start) => start.slice(4, 8) === "TFL3",
  },
  { what: "a GGUF file", advice: "use the .safetensors that it was made from", is: begins("GGUF") },
  { what: "a TensorFlow SavedModel", advice: convert, is: begins("\x08\x01\x12") },
  {
    what: "an ONNX model",
    advice: `${save}: safetensors.numpy.save_file({t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(FILE).graph.initializer}, "net.safetensors")`,
    // The version of the format, then the name of what wrote it.
    is: (start) => /^\x08[\x03-\x20][\x12\x1a:B]/.test(start),
  },
  { what: "a gzip archive", advice: decompress, is: begins("\x1f\x8b") },
  { what: "a tar archive", advice: decompress, is: (start) => start.slice(257, 262) === "ustar" },
  { what: "a single unnamed array", advice: "weights need names, as in .safetensors", is: begins("\x93NUMPY") },
  { what: "a PNG picture", advice: "as an input, its name must end in .png", is: begins("\x89PNG") },
  { what: "a JPEG picture", advice: "as an input, its name must end in .jpg", is: begins("\xff\xd8\xff") },
  {
    what: "a WebP picture",
    advice: "as an input, its name must end in .webp",
    is: (start) => start.startsWith("RIFF") && start.slice(8, 12) === "WEBP",
  },
  {
    what: "an AVIF picture",
    advice: "as an input, its name must end in .avif",
    is: (start) => start.slice(4, 12) === "ftypavif",
  },
  {
    what: "a TIFF picture",
    advice: "as an input, its name must end in .tif",
    is: (start) => /^(II\*\0|MM\0\*)/.test(start),
  },
  { what: "a GIF picture", advice: picture, is: begins("GIF8") },
  { what: "a BMP picture", advice: picture, is: (start) => /^BM.{4}\0{4}/s.test(start) },
  {
    what: "a HEIC picture",
    advice: picture,
    is: (start) => /^ftyp(heic|heix|hevc|mif1|msf1)/.test(start.slice(4)),
  },
  { what: "an SVG drawing", advice: picture, is: (start) => /^\s*<svg/i.test(start) },
  { what: "a PDF", advice: picture, is: begins("%PDF") },
];

/** How many bytes are enough to recognize every format. */
const sniffed = 512;

/** Returns `is an HTML page, …; download the file itself` for a format that Fuse does not read, or not in this place. */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, sniffed));
  const found = formats.find(({ is }) => is(start));
  return found === undefined ? undefined : `is ${found.what}; ${found.advice}`;
}
