/** @file The texts of the standard library. Generated from library/ by scripts/library.js: do not edit. */

/** By the name that `import` uses, such as `fuse/attention`. */
export const library: Readonly<Record<string, string>> = {
  "fuse/attention": `fuse 1

/// Squeeze-and-excitation (Hu et al. 2018): one gate per channel, from the global average.
/// [n, c, h, w] -> [n, c, h, w]; r divides c.
block SE(x: [n, c, h, w], r: int = 16) -> [n, c, h, w] {
  gate = x
    |> mean(axis: [h, w])
    |> linear(c: c / r) @fc1
    |> relu
    |> linear(c: c) @fc2
    |> sigmoid
  return x * gate
}

/// The channel gate of CBAM (Woo et al. 2018): one network for the global average and the global maximum.
/// [n, c, h, w] -> [n, c]; r divides c.
block ChannelGate(x: [n, c, h, w], r: int = 16) -> [n, c] {
  layer mlp = linear(c: c / r) @0 |> relu |> linear(c: c) @2
  return sigmoid(mlp(mean(x, axis: [h, w])) + mlp(max(x, axis: [h, w])))
}

/// The spatial gate of CBAM (Woo et al. 2018): a convolution over the mean and the maximum of the channels.
/// [n, c, h, w] -> [n, h, w].
block SpatialGate(x: [n, c, h, w], kernel: 3 | 7 = 7) -> [n, h, w] {
  return stack(mean(x, axis: c), max(x, axis: c), axis: c)
    |> conv(c: 1, kernel: kernel) @conv
    |> squeeze(axis: c)
    |> sigmoid
}

/// Convolutional block attention (Woo et al. 2018): the channel gate, then the spatial gate.
/// [n, c, h, w] -> [n, c, h, w]; r divides c.
block CBAM(x: [n, c, h, w], r: int = 16, kernel: 3 | 7 = 7) -> [n, c, h, w] {
  y = x * ChannelGate(x, r: r) @channel
  return y * SpatialGate(y, kernel: kernel) @spatial
}

/// Bottleneck attention (Park et al. 2018) in a short form: both gates without batch normalisation, three convolutions
/// in the spatial one. [n, c, h, w] -> [n, c, h, w]; r divides c.
block BAM(x: [n, c, h, w], r: int = 16) -> [n, c, h, w] {
  s = x
    |> conv(c: c / r) @s.0
    |> conv(c: c / r, kernel: 3, dilation: 4) @s.1
    |> conv(c: 1) @s.2
    |> squeeze(axis: c)
  g = expand(ChannelGate(x, r: r) @channel, like: x) + s
  return x + x * sigmoid(g)
}
`,
};
