/** @file The texts of the standard library. Generated from library/ by scripts/library.js: do not edit. */

/** By the name that `import` uses, such as `fuse/attention`. */
export const library: Readonly<Record<string, string>> = {
  "fuse/attention": `fuse 1

## Squeeze-and-excitation (Hu et al. 2018): a gate per channel, computed from the global averages.
## [n, c, h, w] -> [n, c, h, w]; r divides c.
block SE(x: [n, c, h, w], r: int = 16) -> [n, c, h, w] {
  gate = x |> mean(axis: [h, w]) |> linear(c: c / r) @fc1 |> relu |> linear(c: c) @fc2 |> sigmoid
  return x * gate
}

## Efficient channel attention (Wang et al. 2020): a gate per channel, computed from the averages of neighbouring channels.
## [n, c, h, w] -> [n, c, h, w].
block ECA(x: [n, c, h, w], kernel: 3 | 5 | 7 | 9 = 3) -> [n, c, h, w] {
  gate = x
    |> mean(axis: [h, w])
    |> rename(c -> w) # the channels become a 1-D signal with one channel
    |> unsqueeze(axis: c)
    |> conv(c: 1, kernel: kernel, bias: false) @conv
    |> squeeze(axis: c)
    |> rename(w -> c)
    |> sigmoid
  return x * gate
}

## Convolutional block attention (Woo et al. 2018) as published: a gate per channel, from the global average and maximum,
## which share a two-layer network (\`fc1\`, \`fc2\`), then a gate per position, from the mean and maximum of the channels.
## [n, c, h, w] -> [n, c, h, w]; r divides c.
block CBAM(x: [n, c, h, w], r: int = 16, kernel: 3 | 7 = 7) -> [n, c, h, w] {
  layer fc1 = linear(c: c / r)
  layer fc2 = linear(c: c)
  average = x |> mean(axis: [h, w]) |> fc1 |> relu |> fc2
  largest = x |> max(axis: [h, w]) |> fc1 |> relu |> fc2
  y = x * sigmoid(average + largest)
  gate = stack(mean(y, axis: c), max(y, axis: c), axis: c)
    |> conv(c: 1, kernel: kernel, bias: false) @spatial
    |> squeeze(axis: c)
    |> sigmoid
  return y * gate
}

## Bottleneck attention (Park et al. 2018) as published: batch normalisation, two dilated convolutions in the spatial
## gate, and \`fc1\`, \`fc2\` in the channel gate. The gates are added before the sigmoid.
## [n, c, h, w] -> [n, c, h, w]; r divides c.
block BAM(x: [n, c, h, w], r: int = 16, dilation: int = 4) -> [n, c, h, w] {
  channel = x
    |> mean(axis: [h, w])
    |> linear(c: c / r) @fc1 |> batchnorm @fc_bn |> relu
    |> linear(c: c) @fc2
  spatial = x
    |> conv(c: c / r) @reduce |> batchnorm @bn0 |> relu
    |> conv(c: c / r, kernel: 3, dilation: dilation) @conv1 |> batchnorm @bn1 |> relu
    |> conv(c: c / r, kernel: 3, dilation: dilation) @conv2 |> batchnorm @bn2 |> relu
    |> conv(c: 1) @final |> squeeze(axis: c)
  return x * (1 + sigmoid(expand(channel, like: x) + spatial))
}

## The global context block of GCNet (Cao et al. 2019): an average over all positions, weighted by their content, passes
## through a bottleneck and is added to every position. [n, c, h, w] -> [n, c, h, w]; r divides c.
block GlobalContext(x: [n, c, h, w], r: int = 16) -> [n, c, h, w] {
  share = x |> conv(c: 1) @conv_mask |> squeeze(axis: c) |> softmax(axis: [h, w])
  context = dot(x, share, contract: [h, w], batch: n)
    |> linear(c: c / r) @channel_add_conv.0
    |> layernorm(axis: c) @channel_add_conv.1
    |> relu
    |> linear(c: c) @channel_add_conv.3
  return x + context
}

## A non-local block (Wang et al. 2018): adds to each position an average over all positions, weighted by similarity: a
## softmax of dot products (\`gaussian\`), the same after linear maps (\`embedded\`), or without the softmax (\`product\`).
## [n, c, h, w] -> [n, c, h, w]; r divides c.
block NonLocal(
  x: [n, c, h, w],
  by: gaussian | embedded | product = embedded,
  r: int = 2,
) -> [n, c, h, w] {
  here = x |> reshape([h, w] -> t: h * w)
  there = here |> rename(t -> s)
  theta = here |> match by {
    gaussian           => identity
    embedded | product => linear(c: c / r) @theta
  }
  phi = there |> match by {
    gaussian           => identity
    embedded | product => linear(c: c / r) @phi
  }
  g = there |> linear(c: c / r) @g
  product = dot(theta, phi, contract: c, batch: n)
  similarity = match by {
    gaussian | embedded => softmax(product, axis: s)
    product             => product / (h * w)
  }
  y = dot(similarity, g, contract: s, batch: n) |> linear(c: c) @W.0 |> batchnorm @W.1
  return x + (y |> reshape(t -> [h, w]))
}

## Coordinate attention (Hou et al. 2021): a gate per channel and row, and one per channel and column, computed from row
## and column averages. [n, c, h, w] -> [n, c, h, w]; r divides c.
block CoordinateAttention(x: [n, c, h, w], r: int = 32) -> [n, c, h, w] {
  rows = x |> mean(axis: w) |> rename(h -> t)
  columns = x |> mean(axis: h) |> rename(w -> t)
  both = concat(rows, columns, axis: t) |> linear(c: c / r) @conv1 |> batchnorm @bn1 |> hardswish
  above, beside = split(both, t: [h, w])
  row = above |> rename(t -> h) |> linear(c: c) @conv_h |> sigmoid
  column = beside |> rename(t -> w) |> linear(c: c) @conv_w |> sigmoid
  return x * row * column
}

## A selective kernel convolution (Li et al. 2019) with two branches, 3 x 3 and 5 x 5 (dilated 3 x 3). Per channel, a
## softmax weights the branches. [n, c, h, w] -> [n, c, h, w]; r and groups divide c.
block SelectiveKernel(x: [n, c, h, w], r: int = 16, groups: int = 32) -> [n, c, h, w] {
  narrow = x
    |> conv(c: c, kernel: 3, groups: groups, bias: false) @convs.0.0 |> batchnorm @convs.0.1 |> relu
  wide = x
    |> conv(c: c, kernel: 3, dilation: 2, groups: groups, bias: false) @convs.1.0
    |> batchnorm @convs.1.1 |> relu
  z = mean(narrow + wide, axis: [h, w])
    |> linear(c: c / r, bias: false) @fc.0 |> batchnorm @fc.1 |> relu
  a = z |> linear(c: c) @fcs.0
  b = z |> linear(c: c) @fcs.1
  share = sigmoid(a - b) # the softmax over two branches
  return narrow * share + wide * (1 - share)
}

## Adds the biases of queries, keys and values.
block _InProjectionBias(
  q: [n, t, j],
  k: [n, s, j],
  v: [n, s, j],
) -> (q: [n, t, j], k: [n, s, j], v: [n, s, j]) {
  weight in_proj_bias: [j: 3 * j] = zeros
  bq, bk, bv = split(in_proj_bias, axis: j)
  return q + bq, k + bk, v + bv
}

## Queries of \`x\`, and keys and values of \`memory\`, in heads. One weight holds the three matrices.
block _InProjection(
  x: [n, t, d],
  memory: [n, s, d],
  heads: int,
  bias: bool,
) -> (
  q: [n, t, head: heads, e: d / heads],
  k: [n, s, head: heads, e: d / heads],
  v: [n, s, head: heads, e: d / heads],
) {
  weight in_proj_weight: [j: 3 * d, d] = glorot
  # Splits the weights rather than the product, because that happens once, when they are loaded.
  wq, wk, wv = split(in_proj_weight, axis: j)
  q = dot(x, wq, contract: d)
  k = dot(memory, wk, contract: d)
  v = dot(memory, wv, contract: d)
  qb, kb, vb = if bias { _InProjectionBias(q, k, v) @. } else { q, k, v }
  return qb |> reshape(j -> [head: heads, e: d / heads]),
    kb |> reshape(j -> [head: heads, e: d / heads]),
    vb |> reshape(j -> [head: heads, e: d / heads])
}

## Similarities of queries and keys: dot products, divided by the root of their length.
block _Scores(q: [n, t, head, e], k: [n, s, head, e]) {
  return dot(q / sqrt(e), k, contract: e, batch: [n, head])
}

## Averages of values, weighted by the softmax of the scores; then a linear map of all heads.
block _Attended(scores: [n, head, t, s], v: [n, s, head, e], d: int, bias: bool) -> [n, t, d] {
  y = dot(softmax(scores, axis: s), v, contract: s, batch: [n, head])
  return y |> linear([head, e] -> d, bias: bias) @out_proj
}

## Scores of positions after a query become minus infinity.
block _Causal(scores: [..., t, s]) -> [..., t, s] {
  return masked_fill(scores, expand(iota(s: s), t: t) > iota(t: t), -inf)
}

## Multi-head self-attention (Vaswani et al. 2017) over tokens, with the weights of
## torch.nn.MultiheadAttention(d, heads, bias, batch_first=True). With \`mask: causal\`, a token attends to itself and those
## before it. [n, t, d] -> [n, t, d]; heads divides d.
block MultiheadAttention(
  x: [n, t, d],
  heads: int = 8,
  bias: bool = true,
  mask: none | causal = none,
) -> [n, t, d] {
  q, k, v = _InProjection(x, rename(x, t -> s), heads: heads, bias: bias) @.
  scores = _Scores(q, k)
  masked = match mask {
    none   => scores
    causal => _Causal(scores)
  }
  return _Attended(masked, v, d: d, bias: bias) @.
}

## Multi-head attention of tokens to others (Vaswani et al. 2017), such as those of an encoder, with the weights of
## torch.nn.MultiheadAttention(d, heads, bias, batch_first=True). [n, t, d], [n, s, d] -> [n, t, d]; heads divides d.
block CrossAttention(
  x: [n, t, d],
  memory: [n, s, d],
  heads: int = 8,
  bias: bool = true,
) -> [n, t, d] {
  q, k, v = _InProjection(x, memory, heads: heads, bias: bias) @.
  return _Attended(_Scores(q, k), v, d: d, bias: bias) @.
}

## CrossAttention (Vaswani et al. 2017) with a mask of your own: a token does not attend to those for which the mask is true, as
## in PyTorch. A padding mask [n, s] is \`expand(padding, t: t)\`; for self-attention, \`memory\` is \`rename(x, t -> s)\`. A token
## whose mask is always true becomes NaN. [n, t, d], [n, s, d], bool[n, t, s] -> [n, t, d]; heads divides d.
block MaskedAttention(
  x: [n, t, d],
  memory: [n, s, d],
  mask: bool[n, t, s],
  heads: int = 8,
  bias: bool = true,
) -> [n, t, d] {
  q, k, v = _InProjection(x, memory, heads: heads, bias: bias) @.
  return _Attended(masked_fill(_Scores(q, k), mask, -inf), v, d: d, bias: bias) @.
}

## Rotary positions (Su et al. 2021, "RoFormer"): rotates pairs of elements by angles that grow with the position. Pairs are the
## first and second half of \`e\` (\`half\`: Llama, GPT-NeoX, transformers) or neighbours (\`interleaved\`: RoFormer, GPT-J, and
## Llama's original code). [t, ..., e] -> [t, ..., e]; 2 divides e.
block Rotary(x: [t, ..., e], by: half | interleaved = half, base: float = 10000) -> [t, ..., e] {
  # The angle is the position times base^(-2 i / e).
  frequency = pow(base, cast(iota(e: e / 2), dtype: f32) * -2 / e)
  angle = expand(cast(iota(t: t), dtype: f32), e: e / 2) * frequency
  pairs = x |> match by {
    half        => reshape(e -> [pair: 2, e: e / 2])
    interleaved => reshape(e -> [e: e / 2, pair: 2])
  }
  a, b = pairs |> unstack(axis: pair)
  rotated = stack(a * cos(angle) - b * sin(angle), b * cos(angle) + a * sin(angle), axis: pair)
  return rotated |> match by {
    half        => reshape([pair, e] -> e: e)
    interleaved => reshape([e, pair] -> e: e)
  }
}

## Self-attention with grouped queries (Ainslie et al. 2023) and rotary positions, with the weights of Llama's layers in
## transformers: \`q_proj\`, \`k_proj\`, \`v_proj\` and \`o_proj\`. \`kv_heads\` heads of keys and values each serve several heads of
## queries; 1 is multi-query attention. [n, t, d] -> [n, t, d]; kv_heads divides heads.
block GroupedQueryAttention(
  x: [n, t, d],
  heads: int = 8,
  kv_heads: int = heads,
  size: int = d / heads,
  rotary: half | interleaved | none = half,
  base: float = 10000,
  mask: none | causal = causal,
  bias: bool = false,
) -> [n, t, d] {
  qs = x |> linear(d -> [head: kv_heads, group: heads / kv_heads, e: size], bias: bias) @q_proj
  ks = x |> linear(d -> [head: kv_heads, e: size], bias: bias) @k_proj
  v = x |> linear(d -> [head: kv_heads, e: size], bias: bias) @v_proj |> rename(t -> s)
  q, k = match rotary {
    none        => qs, ks
    half        => Rotary(qs, base: base), Rotary(ks, base: base)
    interleaved => Rotary(qs, by: interleaved, base: base), Rotary(ks, by: interleaved, base: base)
  }
  scores = dot(q / sqrt(size), rename(k, t -> s), contract: e, batch: [n, head])
  masked = match mask {
    none   => scores
    causal => _Causal(scores)
  }
  y = dot(softmax(masked, axis: s), v, contract: s, batch: [n, head])
  return y |> linear([head, group, e] -> d, bias: bias) @o_proj
}

## Multi-head self-attention (Vaswani et al. 2017) over the positions of a feature map. The cost is quadratic in h * w.
## [n, c, h, w] -> [n, c, h, w]; heads divides c.
block SelfAttention(x: [n, c, h, w], heads: int = 8) -> [n, c, h, w] {
  return x
    |> reshape([h, w] -> t: h * w)
    |> rename(c -> d)
    |> MultiheadAttention(heads: heads) @attention
    |> rename(d -> c)
    |> reshape(t -> [h, w])
}
`,
  "fuse/fusion": `fuse 1

## Concatenates two maps, as in U-Net (Ronneberger et al. 2015). \`low\` is resized to the size of \`high\`.
## [n, c: ca, h, w], [n, c: cb, h: p, w: q] -> [n, c: ca + cb, h, w].
block ConcatFuse(high: [n, c: ca, h, w], low: [n, c: cb, h: p, w: q]) -> [n, c: ca + cb, h, w] {
  return concat(high, low |> resize(like: high, mode: bilinear), axis: c)
}

## Concatenates two maps, then applies a 1 x 1 convolution, batch normalisation and ReLU (Lin et al. 2013; Ioffe and
## Szegedy 2015). [n, c: ca, h, w], [n, c: cb, h: p, w: q] -> [n, c: width, h, w].
block ConcatConvFuse(
  high: [n, c: ca, h, w],
  low: [n, c: cb, h: p, w: q],
  width: int,
) -> [n, c: width, h, w] {
  return ConcatFuse(high, low) |> conv(c: width) @conv |> batchnorm @bn |> relu
}

## Concatenates two maps (Ronneberger et al. 2015), then applies a linear map to the channels.
## [n, c: ca, h, w], [n, c: cb, h: p, w: q] -> [n, c: width, h, w].
block ConcatLinearFuse(
  high: [n, c: ca, h, w],
  low: [n, c: cb, h: p, w: q],
  width: int,
) -> [n, c: width, h, w] {
  return ConcatFuse(high, low) |> linear(c: width) @linear
}

## Adds two maps, as in the top-down path of feature pyramids (Lin et al. 2017). \`low\` is resized to the size of \`high\`.
## [n, c, h, w], [n, c, h: p, w: q] -> [n, c, h, w].
block AddFuse(high: [n, c, h, w], low: [n, c, h: p, w: q]) -> [n, c, h, w] {
  return high + (low |> resize(like: high, mode: bilinear))
}

## Multiplies two maps, so one gates the other (Wang et al. 2017, "Residual attention network"). \`low\` is resized to the
## size of \`high\`. [n, c, h, w], [n, c, h: p, w: q] -> [n, c, h, w].
block MulFuse(high: [n, c, h, w], low: [n, c, h: p, w: q]) -> [n, c, h, w] {
  return high * (low |> resize(like: high, mode: bilinear))
}

## A gated unit for two maps (Arevalo et al. 2017): at each position, a gate computed from both maps blends them.
## [n, c: ca, h, w], [n, c: cb, h, w] -> [n, c: width, h, w].
block GatedFusion(a: [n, c: ca, h, w], b: [n, c: cb, h, w], width: int) -> [n, c: width, h, w] {
  gate = concat(a, b, axis: c) |> conv(c: width, bias: false) @gate |> sigmoid
  first = a |> conv(c: width, bias: false) @hidden1 |> tanh
  second = b |> conv(c: width, bias: false) @hidden2 |> tanh
  return first * gate + second * (1 - gate)
}

## Feature-wise linear modulation (Perez et al. 2018): a conditioning vector sets the scale and shift of each channel.
## [n, c, h, w], [n, d] -> [n, c, h, w].
block FiLM(x: [n, c, h, w], condition: [n, d]) -> [n, c, h, w] {
  gamma, beta = condition |> linear(d -> c: 2 * c) @fc |> split(axis: c)
  return x * gamma + beta
}

## A feature pyramid (Lin et al. 2017) with three levels and the weights of torchvision's FeaturePyramidNetwork. The maps
## may have any sizes; each is resized (nearest) to the level below it.
## [n, c: d3, h, w], [n, c: d4, h: p, w: q], [n, c: d5, h: u, w: v] -> the same sizes with \`width\` channels.
block FPN(
  c3: [n, c: d3, h, w],
  c4: [n, c: d4, h: p, w: q],
  c5: [n, c: d5, h: u, w: v],
  width: int = 256,
) -> (p3: [n, c: width, h, w], p4: [n, c: width, h: p, w: q], p5: [n, c: width, h: u, w: v]) {
  m5 = c5 |> conv(c: width) @inner_blocks.2.0
  m4 = (c4 |> conv(c: width) @inner_blocks.1.0) + resize(m5, like: c4)
  m3 = (c3 |> conv(c: width) @inner_blocks.0.0) + resize(m4, like: c3)
  p3 = m3 |> conv(c: width, kernel: 3) @layer_blocks.0.0
  p4 = m4 |> conv(c: width, kernel: 3) @layer_blocks.1.0
  p5 = m5 |> conv(c: width, kernel: 3) @layer_blocks.2.0
  return p3, p4, p5
}

## A feature pyramid (Lin et al. 2017) with four levels, such as those of a ResNet, and the weights of torchvision's
## FeaturePyramidNetwork. \`maxpool(p5, kernel: 1, stride: 2)\` is its level \`pool\`. The maps may have any sizes; each is resized
## (nearest) to the level below it.
## [n, c: d2, h, w], [n, c: d3, h: p, w: q], … -> the same sizes with \`width\` channels.
block FPN4(
  c2: [n, c: d2, h, w],
  c3: [n, c: d3, h: p, w: q],
  c4: [n, c: d4, h: r, w: s],
  c5: [n, c: d5, h: u, w: v],
  width: int = 256,
) -> (
  p2: [n, c: width, h, w],
  p3: [n, c: width, h: p, w: q],
  p4: [n, c: width, h: r, w: s],
  p5: [n, c: width, h: u, w: v],
) {
  m5 = c5 |> conv(c: width) @inner_blocks.3.0
  m4 = (c4 |> conv(c: width) @inner_blocks.2.0) + resize(m5, like: c4)
  m3 = (c3 |> conv(c: width) @inner_blocks.1.0) + resize(m4, like: c3)
  m2 = (c2 |> conv(c: width) @inner_blocks.0.0) + resize(m3, like: c2)
  p2 = m2 |> conv(c: width, kernel: 3) @layer_blocks.0.0
  p3 = m3 |> conv(c: width, kernel: 3) @layer_blocks.1.0
  p4 = m4 |> conv(c: width, kernel: 3) @layer_blocks.2.0
  p5 = m5 |> conv(c: width, kernel: 3) @layer_blocks.3.0
  return p2, p3, p4, p5
}

## The bottom-up path of a path aggregation network (Liu et al. 2018) over three pyramid levels, each half the size of the
## one before. [n, c, h, w], [n, c, h: ceil(h / 2), …], [n, c, h: ceil(h / 4), …] -> the same sizes.
block PAN(
  p3: [n, c, h, w],
  p4: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  p5: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
) -> (
  n3: [n, c, h, w],
  n4: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  n5: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
) {
  down4 = p3 |> conv(c: c, kernel: 3, stride: 2) @down.0 |> relu
  n4 = p4 + down4 |> conv(c: c, kernel: 3) @fuse.0 |> relu
  down5 = n4 |> conv(c: c, kernel: 3, stride: 2) @down.1 |> relu
  n5 = p5 + down5 |> conv(c: c, kernel: 3) @fuse.1 |> relu
  return p3, n4, n5
}

## The bottom-up path of a path aggregation network (Liu et al. 2018) over four levels, such as those of FPN4, each half the size
## of the one before. [n, c, h, w], [n, c, h: ceil(h / 2), …], … -> the same sizes.
block PAN4(
  p2: [n, c, h, w],
  p3: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  p4: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
  p5: [n, c, h: ceil(h / 8), w: ceil(w / 8)],
) -> (
  n2: [n, c, h, w],
  n3: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  n4: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
  n5: [n, c, h: ceil(h / 8), w: ceil(w / 8)],
) {
  down3 = p2 |> conv(c: c, kernel: 3, stride: 2) @down.0 |> relu
  n3 = p3 + down3 |> conv(c: c, kernel: 3) @fuse.0 |> relu
  down4 = n3 |> conv(c: c, kernel: 3, stride: 2) @down.1 |> relu
  n4 = p4 + down4 |> conv(c: c, kernel: 3) @fuse.1 |> relu
  down5 = n4 |> conv(c: c, kernel: 3, stride: 2) @down.2 |> relu
  n5 = p5 + down5 |> conv(c: c, kernel: 3) @fuse.2 |> relu
  return p2, n3, n4, n5
}

## A depthwise and a 1 x 1 convolution, then batch normalisation and SiLU.
block _Separable(x: [n, c, h, w]) -> [n, c, h, w] {
  return x
    |> conv(c: c, kernel: 3, groups: c, bias: false) @depthwise
    |> conv(c: c, bias: false) @pointwise
    |> batchnorm @bn
    |> silu
}

## A node of EfficientDet's BiFPN (Tan et al. 2020) with two inputs of the same size: averages them with learned,
## non-negative weights (fast normalised fusion), then a separable convolution. [n, c, h, w] twice -> [n, c, h, w].
block BiFPNNode(x: [n, c, h, w], y: [n, c, h, w]) -> [n, c, h, w] {
  weight w: [k: 2] = ones
  a, b = relu(w) |> split(axis: k)
  fused = (x * squeeze(a, axis: k) + y * squeeze(b, axis: k)) / (sum(relu(w), axis: k) + 1e-4)
  return fused |> _Separable @conv
}

## A BiFPN node (Tan et al. 2020) with three inputs. [n, c, h, w] three times -> [n, c, h, w].
block BiFPNNode3(x: [n, c, h, w], y: [n, c, h, w], z: [n, c, h, w]) -> [n, c, h, w] {
  weight w: [k: 3] = ones
  a, b, d = relu(w) |> split(axis: k)
  total = x * squeeze(a, axis: k) + y * squeeze(b, axis: k) + z * squeeze(d, axis: k)
  fused = total / (sum(relu(w), axis: k) + 1e-4)
  return fused |> _Separable @conv
}

## Halves a map with the maxima of overlapping windows.
block _Halve(x: [n, c, h, w]) -> [n, c, h: ceil(h / 2), w: ceil(w / 2)] {
  return x |> maxpool(kernel: 3, stride: 2, pad: 1)
}

## One layer of a BiFPN: down from the smallest map to the largest, then up again.
block _BiFPNLayer(
  p3: [n, c, h, w],
  p4: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  p5: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
  p6: [n, c, h: ceil(h / 8), w: ceil(w / 8)],
  p7: [n, c, h: ceil(h / 16), w: ceil(w / 16)],
) -> (
  n3: [n, c, h, w],
  n4: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  n5: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
  n6: [n, c, h: ceil(h / 8), w: ceil(w / 8)],
  n7: [n, c, h: ceil(h / 16), w: ceil(w / 16)],
) {
  t6 = BiFPNNode(p6, resize(p7, like: p6)) @down6
  t5 = BiFPNNode(p5, resize(t6, like: p5)) @down5
  t4 = BiFPNNode(p4, resize(t5, like: p4)) @down4
  n3 = BiFPNNode(p3, resize(t4, like: p3)) @down3
  n4 = BiFPNNode3(p4, t4, _Halve(n3)) @up4
  n5 = BiFPNNode3(p5, t5, _Halve(n4)) @up5
  n6 = BiFPNNode3(p6, t6, _Halve(n5)) @up6
  n7 = BiFPNNode(p7, _Halve(n6)) @up7
  return n3, n4, n5, n6, n7
}

## A bidirectional feature pyramid (Tan et al. 2020, EfficientDet) over five levels, each half the size of the one before:
## \`layers.0\`, \`layers.1\`, …, each with the nodes \`down6\` to \`down3\` and \`up4\` to \`up7\`.
## [n, c, h, w], [n, c, h: ceil(h / 2), …], … -> the same sizes.
block BiFPN(
  p3: [n, c, h, w],
  p4: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  p5: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
  p6: [n, c, h: ceil(h / 8), w: ceil(w / 8)],
  p7: [n, c, h: ceil(h / 16), w: ceil(w / 16)],
  depth: int = 3,
) -> (
  n3: [n, c, h, w],
  n4: [n, c, h: ceil(h / 2), w: ceil(w / 2)],
  n5: [n, c, h: ceil(h / 4), w: ceil(w / 4)],
  n6: [n, c, h: ceil(h / 8), w: ceil(w / 8)],
  n7: [n, c, h: ceil(h / 16), w: ceil(w / 16)],
) {
  return (p3, p4, p5, p6, p7) |> repeat(depth) _BiFPNLayer @layers
}
`,
  "fuse/pooling": `fuse 1

## A classification head without flattening (Lin et al. 2013, "Network in network"): global average (or maximum), a linear
## map, softmax. [n, c, h, w] -> [n, k: classes].
block GapHead(x: [n, c, h, w], classes: int, pool: avg | max = avg) -> [n, k: classes] {
  pooled = x |> match pool {
    avg => mean(axis: [h, w])
    max => max(axis: [h, w])
  }
  return pooled |> linear(c -> k: classes) @fc |> softmax(axis: k)
}

## Global average and maximum (Lin et al. 2013, "Network in network"), with the index of the maximum among the h * w
## positions; the maximum and mean over the channels; the average and maximum of rows x columns windows, for a map of any
## size (He et al. 2014, spatial pyramid pooling). [n, c, h, w] -> gap, gmp, gmp_index: [n, c, h: 1, w: 1],
## channel_max, channel_mean: [n, c: 1, h, w], adaptive_avg, adaptive_max: [n, c, h: rows, w: columns].
block GlobalPools(
  x: [n, c, h, w],
  rows: int = 3,
  columns: int = 2,
) -> (
  gap: [n, c, h: 1, w: 1],
  gmp: [n, c, h: 1, w: 1],
  gmp_index: i32[n, c, h: 1, w: 1],
  channel_max: [n, c: 1, h, w],
  channel_mean: [n, c: 1, h, w],
  adaptive_avg: [n, c, h: rows, w: columns],
  adaptive_max: [n, c, h: rows, w: columns],
) {
  gap = x |> mean(axis: [h, w], keepdims: true)
  gmp = x |> max(axis: [h, w], keepdims: true)
  gmp_index = x |> argmax(axis: [h, w], keepdims: true)
  channel_max = x |> max(axis: c, keepdims: true)
  channel_mean = x |> mean(axis: c, keepdims: true)
  adaptive_avg = x |> adaptive_avgpool(h: rows, w: columns)
  adaptive_max = x |> adaptive_maxpool(h: rows, w: columns)
  return gap, gmp, gmp_index, channel_max, channel_mean, adaptive_avg, adaptive_max
}

## Generalised-mean pooling (Radenović et al. 2018) with a learned p: 1 gives the average, a large p nearly the maximum.
## [n, c, h, w] -> [n, c].
block GeM(x: [n, c, h, w]) -> [n, c] {
  weight p: [] = 3
  return x |> clamp(min: 1e-6) |> pow(p) |> mean(axis: [h, w]) |> pow(1 / p)
}

## Pooling by multi-head attention (Lee et al. 2019, "Set transformer"): m learned queries attend to all tokens.
## [n, t, d] -> [n, m, d]; heads divides d.
block AttentionPool(x: [n, t, d], m: int = 4, heads: int = 8) -> [n, m, d] {
  weight query: [m, d] = normal(0.02)
  q = query |> linear(d -> [head: heads, e: d / heads]) @q
  k = x |> linear(d -> [head: heads, e: d / heads]) @k
  v = x |> linear(d -> [head: heads, e: d / heads]) @v
  scores = dot(q / sqrt(d / heads), k, contract: e, batch: head)
  y = dot(softmax(scores, axis: t), v, contract: t, batch: [n, head])
  return y |> linear([head, e] -> d) @out
}

## One pyramid level: averages bins x bins windows, reduces the channels, and resizes to the map. Weights are \`1\` and \`2\`.
block _PyramidLevel(x: [n, c, h, w], bins: int) -> [n, c: c / 4, h, w] {
  return x
    |> adaptive_avgpool(h: bins, w: bins)
    |> conv(c: c / 4, bias: false) @1 |> batchnorm @2 |> relu
    |> resize(h: h, w: w, mode: bilinear, align_corners: true)
}

## The pyramid pooling module of PSPNet (Zhao et al. 2017): appends averages of 1, 2 x 2, 3 x 3 and 6 x 6 windows.
## [n, c, h, w] -> [n, c: 2 * c, h, w]; 4 divides c.
block PyramidPooling(x: [n, c, h, w]) -> [n, c: 2 * c, h, w] {
  a = x |> _PyramidLevel(bins: 1) @features.0
  b = x |> _PyramidLevel(bins: 2) @features.1
  d = x |> _PyramidLevel(bins: 3) @features.2
  e = x |> _PyramidLevel(bins: 6) @features.3
  return concat(x, a, b, d, e, axis: c)
}

## A convolution without bias, batch normalisation and ReLU. Weights are \`0\` and \`1\`.
block _Atrous(x: [n, c, h, w], out: int, dilation: int) -> [n, c: out, h, w] {
  return x |> conv(c: out, kernel: 3, dilation: dilation, bias: false) @0 |> batchnorm @1 |> relu
}

## Atrous spatial pyramid pooling (Chen et al. 2017, DeepLabv3) with torchvision's weights: concatenates a 1 x 1
## convolution, three 3 x 3 ones dilated by rate, 2 * rate and 3 * rate, and the global average, then reduces the channels.
## [n, c, h, w] -> [n, c: width, h, w].
block ASPP(x: [n, c, h, w], width: int = 256, rate: int = 12) -> [n, c: width, h, w] {
  a = x |> conv(c: width, bias: false) @convs.0.0 |> batchnorm @convs.0.1 |> relu
  b = x |> _Atrous(out: width, dilation: rate) @convs.1
  d = x |> _Atrous(out: width, dilation: 2 * rate) @convs.2
  e = x |> _Atrous(out: width, dilation: 3 * rate) @convs.3
  average = x
    |> mean(axis: [h, w])
    |> linear(c: width, bias: false) @convs.4.1 |> batchnorm @convs.4.2 |> relu
  return concat(a, b, d, e, expand(average, h: h, w: w), axis: c)
    |> conv(c: width, bias: false) @project.0 |> batchnorm @project.1 |> relu |> dropout(0.5)
}
`,
  "fuse/recurrent": `fuse 1

## Adds the biases of a cell to the products of its input and of its state.
block _CellBias(a: [n, g], b: [n, g]) -> (a: [n, g], b: [n, g]) {
  weight bias_ih: [g] = zeros
  weight bias_hh: [g] = zeros
  return a + bias_ih, b + bias_hh
}

## The products of a cell's input and of its state, for all gates.
block _CellProducts(
  x: [n, d],
  h: [n, k],
  gates: int,
  bias: bool,
) -> (a: [n, g: gates * k], b: [n, g: gates * k]) {
  weight weight_ih: [g: gates * k, d] = kaiming
  weight weight_hh: [g: gates * k, k] = kaiming
  a = dot(x, weight_ih, contract: d)
  b = dot(h, weight_hh, contract: k)
  return if bias { _CellBias(a, b) @. } else { a, b }
}

## A long short-term memory (Hochreiter and Schmidhuber 1997) for one step, with the weights of torch.nn.LSTMCell: takes the
## input, the hidden state and the cell state, and returns the next two states. For several steps, \`layer cell = LSTMCell\`,
## then \`h1, c1 = cell(x1, h0, c0)\`. [n, d], [n, k], [n, k] -> [n, k], [n, k].
block LSTMCell(x: [n, d], h: [n, k], c: [n, k], bias: bool = true) -> (h: [n, k], c: [n, k]) {
  a, b = _CellProducts(x, h, gates: 4, bias: bias) @.
  input, forget, new, output = split(rename(a + b, g -> k), axis: k)
  state = sigmoid(forget) * c + sigmoid(input) * tanh(new)
  return sigmoid(output) * tanh(state), state
}

## A gated recurrent unit (Cho et al. 2014) for one step, with the weights of torch.nn.GRUCell: takes the input and the state,
## and returns the next state. [n, d], [n, k] -> [n, k].
block GRUCell(x: [n, d], h: [n, k], bias: bool = true) -> [n, k] {
  a, b = _CellProducts(x, h, gates: 3, bias: bias) @.
  ar, az, an = split(rename(a, g -> k), axis: k)
  br, bz, bn = split(rename(b, g -> k), axis: k)
  keep = sigmoid(az + bz)
  return (1 - keep) * tanh(an + sigmoid(ar + br) * bn) + keep * h
}
`,
  "fuse/reduce": `fuse 1
import { MultiheadAttention } from "fuse/attention"

## Changes the number of channels with a 1 x 1 convolution (Lin et al. 2013, "Network in network").
## [n, c, h, w] -> [n, c: width, h, w].
block ConvReduce(x: [n, c, h, w], width: int) -> [n, c: width, h, w] {
  return x |> conv(c: width) @conv1x1
}

## A linear map of the whole flattened feature map, as in VGG's head (Simonyan and Zisserman 2014). Its weight has
## (c * h * w) * (width * h * w) parameters, so the sizes must be known when the model is built.
## [n, c, h, w] -> [n, c: width, h, w].
block FlattenLinearReduce(x: [n, c, h, w], width: int) -> [n, c: width, h, w] {
  return x |> linear([c, h, w] -> [c: width, h, w]) @fc
}

## Multi-head self-attention (Vaswani et al. 2017) over the h * w positions, then a linear map of the channels.
## [n, c, h, w] -> [n, c: width, h, w]; heads divides c.
block AttentionReduce(x: [n, c, h, w], width: int, heads: int = 8) -> [n, c: width, h, w] {
  return x
    |> reshape([h, w] -> t: h * w)
    |> rename(c -> d)
    |> MultiheadAttention(heads: heads) @attention
    |> linear(d -> c: width) @fc
    |> reshape(t -> [h, w])
}

## Two 3 x 3 convolutions with ReLU after each: half of an autoencoder. Weights are \`0\` and \`2\`, as in torch.nn.Sequential.
## [n, c, h, w] -> [n, c: out, h, w].
block ConvPair(x: [n, c, h, w], mid: int, out: int) -> [n, c: out, h, w] {
  return x |> conv(c: mid, kernel: 3) @0 |> relu |> conv(c: out, kernel: 3) @2 |> relu
}

## An autoencoder of the channels (Hinton and Salakhutdinov 2006; convolutional: Masci et al. 2011). \`code\` is the map with
## fewer channels, \`y\` the input reconstructed from it.
## [n, c, h, w] -> code: [n, c: bottleneck, h, w], y: [n, c, h, w].
block Autoencoder(
  x: [n, c, h, w],
  mid: int,
  bottleneck: int,
) -> (code: [n, c: bottleneck, h, w], y: [n, c, h, w]) {
  code = x |> ConvPair(mid: mid, out: bottleneck) @encoder
  return code, code |> ConvPair(mid: mid, out: c) @decoder
}
`,
  "fuse/transformer": `fuse 1
import { CrossAttention, MultiheadAttention } from "fuse/attention"

## A hidden layer for each token.
block _FeedForward(x: [n, t, d], hidden: int, activation: relu | gelu, bias: bool) -> [n, t, d] {
  return x
    |> linear(d: hidden, bias: bias) @linear1
    |> activation
    |> linear(d: d, bias: bias) @linear2
}

## A layer of a transformer's encoder (Vaswani et al. 2017): self-attention, then a hidden layer for each token, with the weights
## of torch.nn.TransformerEncoderLayer(d, heads, hidden, batch_first=True). It normalises sums, or with \`norm_first\` (Xiong et
## al. 2020) what is added. [n, t, d] -> [n, t, d]; heads divides d.
block TransformerEncoderLayer(
  x: [n, t, d],
  heads: int = 8,
  hidden: int = 2048,
  activation: relu | gelu = relu,
  norm_first: bool = false,
  mask: none | causal = none,
  bias: bool = true,
  eps: float = 1e-5,
) -> [n, t, d] {
  layer norm1 = layernorm(axis: d, bias: bias, eps: eps)
  layer norm2 = layernorm(axis: d, bias: bias, eps: eps)
  before = if norm_first { norm1(x) } else { x }
  attended = x + (before |> MultiheadAttention(heads: heads, mask: mask, bias: bias) @self_attn)
  y = if norm_first { attended } else { norm1(attended) }
  token = if norm_first { norm2(y) } else { y }
  z = y + (token |> _FeedForward(hidden: hidden, activation: activation, bias: bias) @.)
  return if norm_first { z } else { norm2(z) }
}

## A layer of a transformer's decoder (Vaswani et al. 2017): self-attention, attention to the encoder's result \`memory\`, then a
## hidden layer for each token, with the weights of torch.nn.TransformerDecoderLayer(d, heads, hidden, batch_first=True). A token
## does not see those after it, unless \`mask\` is \`none\`. [n, t, d], [n, s, d] -> [n, t, d]; heads divides d.
block TransformerDecoderLayer(
  x: [n, t, d],
  memory: [n, s, d],
  heads: int = 8,
  hidden: int = 2048,
  activation: relu | gelu = relu,
  norm_first: bool = false,
  mask: none | causal = causal,
  bias: bool = true,
  eps: float = 1e-5,
) -> [n, t, d] {
  layer norm1 = layernorm(axis: d, bias: bias, eps: eps)
  layer norm2 = layernorm(axis: d, bias: bias, eps: eps)
  layer norm3 = layernorm(axis: d, bias: bias, eps: eps)
  before = if norm_first { norm1(x) } else { x }
  attended = x + (before |> MultiheadAttention(heads: heads, mask: mask, bias: bias) @self_attn)
  y = if norm_first { attended } else { norm1(attended) }
  query = if norm_first { norm2(y) } else { y }
  seen = y + CrossAttention(query, memory, heads: heads, bias: bias) @multihead_attn
  z = if norm_first { seen } else { norm2(seen) }
  token = if norm_first { norm3(z) } else { z }
  result = z + (token |> _FeedForward(hidden: hidden, activation: activation, bias: bias) @.)
  return if norm_first { result } else { norm3(result) }
}
`,
};
