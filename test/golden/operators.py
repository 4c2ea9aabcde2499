"""What PyTorch computes for every operator, in float64; fills the outputs of the cases in ops.json and ops-shape.json.

A case names an operator, the axes and sizes of its inputs, its attributes and the shapes of its weights. What inputs and
weights hold is made from a seed (`pattern`), so that files stay small. A case without a seed gets the next free one, and
`python operators.py` computes the outputs of every case again: those that PyTorch still computes do not change.
`python operators.py --check` writes nothing and fails if a file would change. README.md says how to add a case.
"""
import json
import math
import pathlib
import sys
from fractions import Fraction
from itertools import count
from typing import NamedTuple
import torch
import torch.nn.functional as F

FILES = ["ops.json", "ops-shape.json"]


class Named(NamedTuple):
    """A tensor whose dimensions have names."""
    data: torch.Tensor
    axes: list

    def ordered(self, axes):
        """The data with dimensions in this order; axes that are missing have size 1."""
        present = [axis for axis in axes if axis in self.axes]
        data = self.data.permute([self.axes.index(axis) for axis in present])
        return data.reshape([data.shape[present.index(axis)] if axis in present else 1 for axis in axes])

    def size(self, axis):
        return self.data.shape[self.axes.index(axis)]

    def without(self, axes):
        return [axis for axis in self.axes if axis not in axes]


def listed(value, length=None):
    """A list of what may be written as one value; one value stands for all of `length`."""
    values = value if isinstance(value, list) else [value]
    return values * length if length is not None and len(values) == 1 else values


def flat(x, last):
    """The data as [others, last...], and the axes that were joined."""
    others = x.without(last)
    return x.ordered(others + last).reshape([-1] + [x.size(axis) for axis in last]), others


def named(x, others, data, axes):
    """The reverse of `flat`: splits the first dimension of the result into the axes that were joined."""
    return Named(data.reshape([x.size(axis) for axis in others] + list(data.shape[1:])), others + axes)


# Operators on elements: functions of tensors that broadcast. `quick_gelu=lambda x: x * torch.sigmoid(1.702 * x)` is all
# that a new one needs; attributes are keyword arguments with the defaults of the record.
ELEMENTWISE = dict(
    add=torch.add, sub=torch.sub, mul=torch.mul, div=torch.div, mod=torch.remainder, pow=torch.pow,
    maximum=torch.maximum, minimum=torch.minimum,
    equal=torch.eq, not_equal=torch.ne, less=torch.lt, less_equal=torch.le, greater=torch.gt, greater_equal=torch.ge,
    logical_and=torch.logical_and, logical_or=torch.logical_or, logical_not=torch.logical_not,
    neg=torch.neg, where=torch.where,
    masked_fill=lambda x, mask, value: x.masked_fill(mask, float(value) if x.is_floating_point() else value),
    exp=torch.exp, expm1=torch.expm1, log=torch.log, log1p=torch.log1p, sqrt=torch.sqrt, rsqrt=torch.rsqrt,
    square=torch.square, abs=torch.abs, sign=torch.sign, floor=torch.floor, ceil=torch.ceil, round=torch.round,
    reciprocal=torch.reciprocal, sin=torch.sin, cos=torch.cos, tan=torch.tan, asin=torch.asin, acos=torch.acos,
    atan=torch.atan, sinh=torch.sinh, cosh=torch.cosh, asinh=torch.asinh, acosh=torch.acosh, atanh=torch.atanh,
    erf=torch.erf, isnan=torch.isnan, isinf=torch.isinf, clamp=torch.clamp,
    relu=F.relu, relu6=F.relu6, sigmoid=torch.sigmoid, tanh=torch.tanh, softplus=F.softplus, selu=F.selu, elu=F.elu,
    celu=F.celu, leaky_relu=F.leaky_relu, hardswish=F.hardswish, hardsigmoid=F.hardsigmoid, silu=F.silu, gelu=F.gelu,
    mish=F.mish, log_sigmoid=F.logsigmoid, hardtanh=F.hardtanh, softsign=F.softsign,
    identity=lambda x: x,
    dropout=lambda x, p=0.5: F.dropout(x, p, training=False),
    cast=lambda x, dtype: x.to({"f32": torch.float64, "i32": torch.int64, "bool": torch.bool}[dtype]),
)

# Reductions: functions of a tensor [others, all reduced elements] over its last dimension.
REDUCTIONS = dict(
    mean=lambda x: x.mean(1), sum=lambda x: x.sum(1), prod=lambda x: x.prod(1), max=lambda x: x.amax(1),
    min=lambda x: x.amin(1), any=lambda x: x.any(1), all=lambda x: x.all(1), argmax=lambda x: x.argmax(1),
    argmin=lambda x: x.argmin(1), l1=lambda x: torch.linalg.vector_norm(x, 1, 1),
    l2=lambda x: torch.linalg.vector_norm(x, 2, 1), logsumexp=lambda x: torch.logsumexp(x, 1),
    var=lambda x, correction=1: torch.var(x, 1, correction=correction),
    std=lambda x, correction=1: torch.std(x, 1, correction=correction),
)


def elementwise(function):
    def apply(*inputs, **attributes):
        axes = max((x.axes for x in inputs), key=len)
        return Named(function(*(x.ordered(axes) for x in inputs), **attributes), axes)
    return apply


def reduction(function):
    def apply(x, *, axis, keepdims=False, **attributes):
        axis = listed(axis)
        data, others = flat(x, axis)
        result = named(x, others, function(data.flatten(1), **attributes), [])
        return Named(result.ordered(x.axes), x.axes) if keepdims else result
    return apply


def prelu(x, *, weight, axis=None):
    return elementwise(lambda x, weight: torch.where(x > 0, x, weight * x))(x, Named(weight, listed(axis or [])))


def over(function):
    """An operator that keeps the shape and works on some axes jointly: a function of [others, elements] and attributes."""
    def apply(x, *, axis, **attributes):
        axis = listed(axis)
        data, others = flat(x, axis)
        return named(x, others, function(data.flatten(1), **attributes).reshape(data.shape), axis)
    return apply


def normalize(x, p=2, eps=1e-12):
    return F.normalize(x, float(p), 1, eps)


def given(bias):
    """The bias if there is one; without, `bias` is the attribute."""
    return bias.flatten() if isinstance(bias, torch.Tensor) else None


def layernorm(x, weight=None, bias=None, eps=1e-5, **_):
    return F.layer_norm(x, x.shape[1:], None if weight is None else weight.flatten(), given(bias), eps)


def rmsnorm(x, weight=None, eps=torch.finfo(torch.float32).eps, **_):
    return F.rms_norm(x, x.shape[1:], None if weight is None else weight.flatten(), eps)


# Norms of channels, with everything that shares a channel in the last dimension.
def batchnorm(x, *, running_mean, running_var, weight=None, bias=None, affine=True, axis="c", eps=1e-5):
    bias = given(bias)
    data, others = flat(x, [axis])
    return named(x, others, F.batch_norm(data, running_mean, running_var, weight, bias, eps=eps), [axis])


def image_axes(x, axis="c"):
    return [name for name in "dhw" if name in x.axes and name != axis]


def channels(x, axis, spatial):
    """The data as [others, channels, spatial...]."""
    spatial = image_axes(x, axis) if spatial is None else listed(spatial)
    return (*flat(x, [axis, *spatial]), [axis, *spatial])


def groupnorm(x, *, groups, weight=None, bias=None, affine=True, axis="c", spatial=None, eps=1e-5):
    bias = given(bias)
    data, others, last = channels(x, axis, spatial)
    return named(x, others, F.group_norm(data, groups, weight, bias, eps), last)


def instancenorm(x, *, axis="c", spatial=None, eps=1e-5, bias=None, affine=False, track_running_stats=False, **weights):
    data, others, last = channels(x, axis, spatial)
    own = not track_running_stats
    return named(x, others, F.instance_norm(data, use_input_stats=own, eps=eps, bias=given(bias), **weights), last)


# Windows. PyTorch pads both sides alike, and by half a window at most; other padding is put around the data before.
def padding(pad, sizes, kernel, stride, dilation):
    """A pair for each axis."""
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    if pad == "same":
        return [(span // 2, span // 2) for span in spans]
    if pad == "same_tf":
        totals = [max((-(-size // s) - 1) * s + span - size, 0) for size, s, span in zip(sizes, stride, spans)]
        return [(total // 2, total - total // 2) for total in totals]
    return [tuple(pair) if isinstance(pair, list) else (pair, pair) for pair in listed(pad, len(sizes))]


def padded(x, pairs, value=0.0):
    return F.pad(x, [side for pair in reversed(pairs) for side in pair], value=value)


def conv(x, *, c, weight, bias=None, kernel=1, stride=1, pad="same", padding_mode="zeros", dilation=1, groups=1, axis=None):
    axis = image_axes(x) if axis is None else listed(axis)
    data, others = flat(x, ["c", *axis])
    kernel, stride, dilation = (listed(value, len(axis)) for value in (kernel, stride, dilation))
    pairs = padding(pad, data.shape[2:], kernel, stride, dilation)
    if padding_mode == "zeros":
        data = padded(data, pairs)
    else:
        data = F.pad(data, [side for pair in reversed(pairs) for side in pair], mode=padding_mode)
    function = [F.conv1d, F.conv2d, F.conv3d][len(axis) - 1]
    bias = bias if isinstance(bias, torch.Tensor) else None
    return named(x, others, function(data, weight, bias, stride, 0, dilation, groups), ["c", *axis])


def correlate(x, k, *, over, contract=(), batch=(), stride=1, pad=0, dilation=1):
    """A kernel for each element of `batch`: groups, as for per-sample kernels."""
    over, contract, batch = listed(over), list(contract), list(batch)
    images, filters = (tensor.without([*over, *contract, *batch]) for tensor in (x, k))
    count = lambda tensor, axes: math.prod(tensor.size(axis) for axis in axes)
    window, groups = [k.size(axis) for axis in over], count(x, batch)
    data = x.ordered([*images, *batch, *contract, *over]).reshape(count(x, images), -1, *(x.size(axis) for axis in over))
    weight = k.ordered([*batch, *filters, *contract, *over]).reshape(groups * count(k, filters), -1, *window)
    stride, dilation = listed(stride, len(over)), listed(dilation, len(over))
    data = padded(data, padding(pad, data.shape[2:], window, stride, dilation))
    function = [F.conv1d, F.conv2d, F.conv3d][len(over) - 1]
    result = function(data, weight, None, stride, 0, dilation, groups)
    sizes = [x.size(axis) for axis in [*images, *batch]] + [k.size(axis) for axis in filters]
    return Named(result.reshape(sizes + list(result.shape[2:])), [*images, *batch, *filters, *over])


def conv_transpose(x, *, c, kernel, weight, bias=None, stride=1, pad=0, output_padding=0, dilation=1, groups=1, axis=None):
    axis = image_axes(x) if axis is None else listed(axis)
    data, others = flat(x, ["c", *axis])
    kernel, stride, more, dilation = (listed(value, len(axis)) for value in (kernel, stride, output_padding, dilation))
    function = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][len(axis) - 1]
    bias = bias if isinstance(bias, torch.Tensor) else None
    result = function(data, weight, bias, stride, 0, more, groups, dilation)
    for i, (before, after) in enumerate(padding(pad, data.shape[2:], kernel, stride, dilation)):
        result = result.narrow(2 + i, before, result.shape[2 + i] - before - after)
    return named(x, others, result, ["c", *axis])


def pool(function):
    """A function of [others, 1, spatial...] and windows, which pads by itself."""
    def apply(x, *, kernel, stride=None, pad=0, dilation=1, ceil_mode=False, axis=None, **attributes):
        axis = image_axes(x) if axis is None else listed(axis)
        data, others = flat(x, axis)
        kernel, dilation = listed(kernel, len(axis)), listed(dilation, len(axis))
        stride = kernel if stride is None else listed(stride, len(axis))
        pairs = padding(pad, data.shape[1:], kernel, stride, dilation)
        if function is avgpool and pad == "same_tf":  # TensorFlow never counts its padding
            attributes["count_include_pad"] = False
        results = function(data.unsqueeze(1), pairs, kernel, stride, dilation, ceil_mode, **attributes)
        made = [named(x, others, result.squeeze(1), axis) for result in listed(results)]
        return made if len(made) > 1 else made[0]
    return apply


def is_native(pairs, kernel):
    return all(before == after and before <= k // 2 for (before, after), k in zip(pairs, kernel))


def maxpool(x, pairs, kernel, stride, dilation, ceil_mode, indices=False):
    function = [F.max_pool1d, F.max_pool2d, F.max_pool3d][len(kernel) - 1]
    native = is_native(pairs, kernel)
    data, pads = (x, [before for before, _ in pairs]) if native else (padded(x, pairs, -math.inf), 0)
    values, at = function(data, kernel, stride, pads, dilation, ceil_mode, return_indices=True)
    if not indices:
        return values
    if not native:  # the index counts without padding
        places = torch.arange(x[0, 0].numel()).reshape(x.shape[2:])
        at = padded(places.double(), pairs, -1.0).flatten().long()[at]
    return [values, at]


def dilated_averages(x, pairs, kernel, stride, dilation, ceil_mode, count_include_pad=True):
    """PyTorch averages no dilated windows: their sums, as many as its other pools have, by the number of elements."""
    def count(size, pair, step, span):
        made = -(-(size + sum(pair) - span) // step) + 1
        return made - 1 if (made - 1) * step >= size + pair[0] else made

    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    each = list(zip(x.shape[2:], pairs, stride, spans))
    size = [count(*it) if ceil_mode else (it[0] + sum(it[1]) - it[3]) // it[2] + 1 for it in each]
    reached = [(n - 1) * s + span for n, s, span in zip(size, stride, spans)]
    conv = [F.conv1d, F.conv2d, F.conv3d][len(kernel) - 1]

    def sums(data):
        end = [(0, most - present) for most, present in zip(reached, data.shape[2:])]
        return conv(padded(data, end), torch.ones(1, 1, *kernel).double(), stride=stride, dilation=dilation)

    ones = torch.ones_like(x)
    return sums(padded(x, pairs)) / sums(padded(ones, pairs, 1.0 if count_include_pad else 0.0))


def unfold(x, *, kernel, stride=1, pad=0, dilation=1, axis=None):
    axis = image_axes(x) if axis is None else listed(axis)
    data, others = flat(x, ["c", *axis])
    kernel, stride, dilation = (listed(value, len(axis)) for value in (kernel, stride, dilation))
    data = padded(data.double(), padding(pad, data.shape[2:], kernel, stride, dilation))
    size = [(n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(data.shape[2:], kernel, stride, dilation)]
    line = len(axis) == 1  # which PyTorch has for images only
    kernel, dilation, stride = ([1, it[0]] if line else it for it in (kernel, dilation, stride))
    result = F.unfold(data.unsqueeze(2) if line else data, kernel, dilation, 0, stride).to(x.data.dtype)
    return named(x, others, result.reshape(result.shape[0], -1, *size), ["c", *axis])


def fold(x, *, keyed, kernel, stride=1, pad=0, dilation=1):
    axis = [name for name in x.axes if name in keyed]
    data, others = flat(x, ["c", *axis])
    sizes = [keyed[name] for name in axis]
    kernel, stride, dilation = (listed(value, len(axis)) for value in (kernel, stride, dilation))
    pairs = padding(pad, sizes, kernel, stride, dilation)
    whole = [before + size + after for size, (before, after) in zip(sizes, pairs)]
    whole, kernel, dilation, stride = ([1, it[0]] if len(axis) == 1 else it for it in (whole, kernel, dilation, stride))
    result = F.fold(data.flatten(2).double(), whole, kernel, dilation, 0, stride).to(x.data.dtype)
    result = result.squeeze(2) if len(axis) == 1 else result
    for i, (size, (before, _)) in enumerate(zip(sizes, pairs)):
        result = result.narrow(2 + i, before, size)
    return named(x, others, result, ["c", *axis])


def avgpool(x, pairs, kernel, stride, dilation, ceil_mode, count_include_pad=True):
    if any(step > 1 for step in dilation):
        return dilated_averages(x, pairs, kernel, stride, dilation, ceil_mode, count_include_pad)
    function = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][len(kernel) - 1]
    if is_native(pairs, kernel):
        return function(x, kernel, stride, [before for before, _ in pairs], ceil_mode, count_include_pad)
    average = function(padded(x, pairs), kernel, stride, 0, ceil_mode)
    if count_include_pad:
        return average
    return average / function(padded(torch.ones_like(x), pairs), kernel, stride, 0, ceil_mode)


def lppool(x, pairs, kernel, stride, dilation, ceil_mode, norm_type=2):
    if any(step > 1 for step in dilation):
        averages = dilated_averages(x ** norm_type, pairs, kernel, stride, dilation, ceil_mode)
        return (averages * math.prod(kernel)) ** (1 / norm_type)
    function = [F.lp_pool1d, F.lp_pool2d, F.lp_pool3d][len(kernel) - 1]
    if len(kernel) == 1:
        [kernel], [stride] = kernel, stride
    return function(padded(x, pairs), float(norm_type), kernel, stride, ceil_mode)


def adaptive(functions):
    def apply(x, *, keyed, indices=False):
        axis = [name for name in x.axes if name in keyed]
        axis = [name for name in image_axes(x) if name in keyed] or axis
        data, others = flat(x, axis)
        results = functions[len(axis) - 1](data.unsqueeze(1), [keyed[name] for name in axis])
        made = [named(x, others, result.squeeze(1), axis) for result in (results if indices else results[:1])]
        return made if indices else made[0]
    return apply


adaptive_averages = [lambda x, size, f=f: [f(x, size)]
                     for f in (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)]
adaptive_maxima = [lambda x, size, f=f: f(x, size, return_indices=True)
                   for f in (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)]


def grid_sample(x, grid, *, coordinates, axis=None, **attributes):
    axis = image_axes(x) if axis is None else listed(axis)
    shared = [name for name in x.axes if name in grid.axes and name not in axis]
    rest, new = x.without([*shared, *axis]), grid.without([*shared, coordinates])
    sizes = [x.size(name) for name in axis]
    data = x.ordered([*shared, *rest, *axis]).reshape(math.prod(x.size(name) for name in shared), -1, *sizes)
    at = grid.ordered([*shared, *new, coordinates]).reshape(data.shape[0], 1, -1, len(axis))
    if len(axis) == 1:  # which PyTorch has for images only
        data, at = data.unsqueeze(2), torch.cat([at, torch.zeros_like(at)], -1)
    if len(axis) == 3:
        at = at.unsqueeze(1)
    attributes = {"align_corners": False, **attributes}
    result = F.grid_sample(data, at, **attributes)
    made = [x.size(name) for name in [*shared, *rest]] + [grid.size(name) for name in new]
    return Named(result.reshape(made), [*shared, *rest, *new])


def starts(x, axis, size):
    """TensorFlow 1's bilinear interpolation, axis by axis: pixel i is at i * from / to."""
    data = x.data
    for name, count in zip(axis, size):
        dim, most = x.axes.index(name), x.size(name) - 1
        at = torch.arange(count).double() * (x.size(name) / count)
        low = at.floor().long().clamp(max=most)
        share = (at - low).reshape([-1] + [1] * (data.dim() - dim - 1))
        data = data.index_select(dim, low) * (1 - share) + data.index_select(dim, (low + 1).clamp(max=most)) * share
    return Named(data, x.axes)


def interpolate(x, axis, mode, align_corners, antialias=False, **to):
    if mode == "bilinear_tf":
        return starts(x, axis, to["size"] if "size" in to else
                      [int(x.size(name) * factor) for name, factor in zip(axis, listed(to["scale_factor"], len(axis)))])
    data, others = flat(x, axis)
    data = data.unsqueeze(1)
    single = (mode == "bicubic" or antialias) and len(axis) == 1  # which PyTorch has for images only
    if single:
        data, to = data.unsqueeze(2), {name: [1, *listed(value)] for name, value in to.items()}
    mode = ["linear", "bilinear", "trilinear"][len(axis) - 1] if mode == "bilinear" and not single else mode
    mode = mode.replace("_", "-")
    corners = align_corners if "linear" in mode or mode == "bicubic" else None
    result = F.interpolate(data, **to, mode=mode, align_corners=corners, antialias=antialias)
    return named(x, others, (result.squeeze(2) if single else result).squeeze(1), axis)


def resize(x, *, keyed={}, like=None, axis=None, mode="nearest", align_corners=False, antialias=False):
    sizes = keyed if like is None else {name: int(size) for name, size in
                                        (part.split(":") for part in like.strip("[]").replace(" ", "").split(","))}
    axis = [name for name in x.axes if name in sizes]
    return interpolate(x, axis, mode, align_corners, antialias, size=[sizes[name] for name in axis])


def upsample(x, *, scale, axis=None, mode="nearest", align_corners=False):
    axis = image_axes(x) if axis is None else listed(axis)
    factors = [float(Fraction(str(factor))) for factor in listed(scale, len(axis))]
    return interpolate(x, axis, mode, align_corners, scale_factor=factors)


# Products.
def linear(x, *, weight, bias=True, keyed={}, maps=()):
    [(source, target)] = maps or [(list(keyed), list(keyed.items()))]
    data, others = flat(x, source)
    sizes = [size for _, size in target]
    flat_bias = bias.flatten() if isinstance(bias, torch.Tensor) else None
    result = F.linear(data.flatten(1), weight.reshape(math.prod(sizes), -1), flat_bias)
    return named(x, others, result.reshape(-1, *sizes), [axis for axis, _ in target])


def dot(a, b, *, contract, batch=()):
    axes = a.axes + b.without(a.axes)
    summed = listed(contract)
    kept = [axis for axis in a.axes if axis not in summed] + b.without(a.axes)
    letters = {axis: "abcdefghijklmnopqrstuvwxyz"[i] for i, axis in enumerate(axes)}
    spelled = ["".join(letters[axis] for axis in names) for names in (a.axes, b.axes, kept)]
    return Named(torch.einsum("{},{}->{}".format(*spelled), a.data, b.data), kept)


# Shapes.
def concat(*inputs, axis):
    axes = inputs[0].axes
    return Named(torch.cat([x.ordered(axes) for x in inputs], axes.index(axis)), axes)


def stack(*inputs, axis):
    axes = inputs[0].axes
    return Named(torch.stack([x.ordered(axes) for x in inputs], -1), [*axes, axis])


def split(x, *, axis=None, parts=None, keyed={}):
    [(axis, sizes)] = keyed.items() if keyed else [(axis, [x.size(axis) // parts] * parts)]
    return [Named(part, x.axes) for part in torch.split(x.data, sizes, x.axes.index(axis))]


def unstack(x, *, axis, parts):
    return [Named(part, x.without([axis])) for part in torch.unbind(x.data, x.axes.index(axis))]


def expand(x, *, keyed):
    data = x.data.reshape(list(x.data.shape) + [1] * len(keyed))
    return Named(data.expand(*x.data.shape, *keyed.values()), [*x.axes, *keyed])


def reshape(x, *, maps):
    source = [axis for axes, _ in maps for axis in axes]
    stays = x.without(source)
    sizes = [x.size(axis) for axis in stays]
    for axes, target in maps:
        whole = math.prod(x.size(axis) for axis in axes)
        known = math.prod(size for _, size in target if size is not None)
        sizes += [whole // known if size is None else size for _, size in target]
    return Named(x.ordered(stays + source).reshape(sizes), stays + [axis for _, target in maps for axis, _ in target])


def rename(x, *, maps):
    names = {source: target for [source], [[target, _]] in maps}
    return Named(x.data, [names.get(axis, axis) for axis in x.axes])


def squeeze(x, *, axis):
    return Named(x.data.squeeze([x.axes.index(name) for name in listed(axis)]), x.without(listed(axis)))


def unsqueeze(x, *, axis):
    axes = [*x.axes, *listed(axis)]
    return Named(x.ordered(axes), axes)


def along(function):
    """An operator that does something along each of the axes of `keyed`: a function of the data, a dimension and what is given."""
    def apply(x, *, keyed, **attributes):
        data = x.data
        for axis, given in keyed.items():
            data = function(data, x.axes.index(axis), listed(given), **attributes)
        return Named(data, x.axes)
    return apply


def slice_along(x, dim, given):
    return x.index_select(dim, torch.arange(*given))


def tile_along(x, dim, given):
    return torch.cat([x] * given[0], dim)


def pad_along(x, dim, given, mode="constant", value=0):
    pair = given * 2 if len(given) == 1 else given
    value = float(value) if isinstance(value, str) else value
    moved = x.movedim(dim, -1).double()
    rows = moved.reshape(1, -1, moved.shape[-1])
    result = F.pad(rows, pair, mode, value) if mode == "constant" else F.pad(rows, pair, mode)
    return result.reshape(*moved.shape[:-1], -1).movedim(-1, dim).to(x.dtype)


def roll(x, *, keyed):
    return Named(x.data.roll([listed(shift)[0] for shift in keyed.values()], [x.axes.index(axis) for axis in keyed]), x.axes)


def sort(x, *, axis, descending=False, indices=False):
    values, places = x.data.sort(dim=x.axes.index(axis), descending=descending, stable=True)
    return [Named(values, x.axes), Named(places, x.axes)] if indices else Named(values, x.axes)


def argsort(x, *, axis, descending=False):
    return Named(x.data.argsort(dim=x.axes.index(axis), descending=descending, stable=True), x.axes)


def topk(x, *, k, axis, largest=True, indices=False):
    """The first of the sorted elements, because PyTorch chooses any of equal ones."""
    dim = x.axes.index(axis)
    results = [it.narrow(dim, 0, k) for it in x.data.sort(dim=dim, descending=largest, stable=True)]
    assert torch.equal(results[0].nan_to_num(nan=9), x.data.topk(k, dim, largest).values.nan_to_num(nan=9))
    return [Named(it, x.axes) for it in results] if indices else Named(results[0], x.axes)


def triangle(function):
    def apply(x, *, axis, diagonal=0):
        axes = [*x.without(axis), *axis]
        return Named(function(x.ordered(axes), diagonal), axes)
    return apply


def lrn(x, *, axis="c", **attributes):
    data, others = flat(x, [axis])
    return named(x, others, F.local_response_norm(data.unsqueeze(-1), **attributes).squeeze(-1), [axis])


def one_hot(index, *, keyed):
    [(axis, size)] = keyed.items()
    known = (index.data >= 0) & (index.data < size)
    made = F.one_hot(index.data.clamp(0, size - 1), size) * known.unsqueeze(-1)
    return Named(made, [*index.axes, axis])


def flip(x, *, axis):
    return Named(x.data.flip([x.axes.index(name) for name in listed(axis)]), x.axes)


def scan(function, start):
    def apply(x, *, axis, reverse=False, exclusive=False):
        dim = x.axes.index(axis)
        data = x.data.flip(dim) if reverse else x.data
        if exclusive:
            data = torch.cat([torch.full_like(data.narrow(dim, 0, 1), start), data.narrow(dim, 0, x.size(axis) - 1)], dim)
        data = function(data, dim)
        return Named(data.flip(dim) if reverse else data, x.axes)
    return apply


def pixel_shuffle(x, *, factor, axis=None):
    axis = image_axes(x) if axis is None else listed(axis)
    data, others = flat(x, ["c", *axis])
    channels, *sizes = data.shape[1:]
    count = len(axis)
    data = data.reshape(-1, channels // factor**count, *[factor] * count, *sizes)
    order = [0, 1] + [dim for i in range(count) for dim in (2 + count + i, 2 + i)]
    return named(x, others, data.permute(order).reshape(data.shape[0], -1, *(factor * size for size in sizes)), ["c", *axis])


def pixel_unshuffle(x, *, factor, axis=None):
    axis = image_axes(x) if axis is None else listed(axis)
    data, others = flat(x, ["c", *axis])
    channels, *sizes = data.shape[1:]
    count = len(axis)
    data = data.reshape(-1, channels, *[part for size in sizes for part in (size // factor, factor)])
    order = [0, 1] + [3 + 2 * i for i in range(count)] + [2 + 2 * i for i in range(count)]
    return named(x, others, data.permute(order).reshape(data.shape[0], -1, *(size // factor for size in sizes)), ["c", *axis])


def channel_shuffle(x, *, groups):
    data, others = flat(x, ["c", *x.without(["n", "c"])])
    return named(x, others, F.channel_shuffle(data, groups), ["c", *x.without(["n", "c"])])


def gather(x, index, *, axis):
    shared = [name for name in x.axes if name != axis and name in index.axes]
    rest, new = x.without([*shared, axis]), index.without(shared)
    data = x.ordered([*shared, axis, *rest])
    at = index.ordered([*shared, *new])
    whole = at.reshape(*at.shape[:len(shared)], -1, *[1] * len(rest)).clamp(0, x.size(axis) - 1)
    whole = whole.expand(*whole.shape[:len(shared) + 1], *[x.size(name) for name in rest])
    result = torch.gather(data, len(shared), whole)
    sizes = [x.size(name) for name in shared] + list(at.shape[len(shared):]) + [x.size(name) for name in rest]
    return Named(result.reshape(sizes), [*shared, *new, *rest])


def scatter_add(x, index, src, *, axis):
    shared = [name for name in x.axes if name != axis and name in index.axes]
    rest, new = x.without([*shared, axis]), index.without(shared)
    data = x.ordered([*shared, axis, *rest])
    at, values = index.ordered([*shared, *new]), src.ordered([*shared, *new, *rest])
    dim = len(shared)
    at = at.reshape(*at.shape[:dim], -1)
    values = values.reshape(*at.shape, *values.shape[values.dim() - len(rest):])
    known = (at >= 0) & (at < x.size(axis))
    spread = [*at.shape, *[1] * len(rest)]
    values = torch.where(known.reshape(spread), values, torch.zeros_like(values))
    whole = (at * known).reshape(spread).expand_as(values)
    return Named(data.scatter_add(dim, whole, values), [*shared, axis, *rest])


def embedding(index, *, weight, num_embeddings, keyed):
    rows = F.embedding(index.data.clamp(0, num_embeddings - 1), weight.flatten(1))
    return Named(rows.reshape(*index.data.shape, *keyed.values()), [*index.axes, *keyed])


def iota(*, keyed):
    [(axis, size)] = keyed.items()
    return Named(torch.arange(size), [axis])


OPERATORS = {
    **{name: elementwise(function) for name, function in ELEMENTWISE.items()},
    **{name: reduction(function) for name, function in REDUCTIONS.items()},
    "prelu": prelu,
    "softmax": over(lambda x: F.softmax(x, 1)), "log_softmax": over(lambda x: F.log_softmax(x, 1)),
    "normalize": over(normalize), "layernorm": over(layernorm), "rmsnorm": over(rmsnorm),
    "batchnorm": batchnorm, "groupnorm": groupnorm, "instancenorm": instancenorm,
    "conv": conv, "correlate": correlate, "conv_transpose": conv_transpose, "unfold": unfold, "fold": fold,
    "maxpool": pool(maxpool), "avgpool": pool(avgpool), "lppool": pool(lppool),
    "adaptive_avgpool": adaptive(adaptive_averages), "adaptive_maxpool": adaptive(adaptive_maxima),
    "resize": resize, "upsample": upsample, "grid_sample": grid_sample, "linear": linear, "dot": dot,
    "concat": concat, "stack": stack, "split": split, "unstack": unstack, "expand": expand, "reshape": reshape,
    "rename": rename, "squeeze": squeeze, "unsqueeze": unsqueeze, "flip": flip,
    "slice": along(slice_along), "tile": along(tile_along), "pad": along(pad_along),
    "cumsum": scan(torch.cumsum, 0), "cumprod": scan(torch.cumprod, 1),
    "pixel_shuffle": pixel_shuffle, "pixel_unshuffle": pixel_unshuffle, "channel_shuffle": channel_shuffle,
    "gather": gather, "scatter_add": scatter_add, "embedding": embedding, "iota": iota, "one_hot": one_hot,
    "sort": sort, "argsort": argsort, "topk": topk, "roll": roll, "tril": triangle(torch.tril), "triu": triangle(torch.triu), "lrn": lrn,
}


def pattern(shape, seed, kind):
    """Element i is ((37 i + 101 seed) mod 257 - 128) / 64, and what the kind makes of it: as test/support/golden.ts."""
    i = torch.arange(math.prod(shape))
    value = ((i * 37 + seed * 101) % 257 - 128).double() / 64
    made = {"f32": value, "positive": value.abs() + 0.5, "ties": value.floor(),
            "special": value.floor() + torch.tensor([0.0, math.nan, math.inf, -math.inf, 0.0]).double()[i % 5],
            "i32": (value * 4).floor().long(), "bool": value > 0}[kind]
    return made.reshape(shape)


def number(value):
    """JSON has no infinity and no NaN; the sign of a zero is not stored."""
    if math.isnan(value):
        return "NaN"
    return str(value) if math.isinf(value) else value + 0.0


def completed(case, seeds):
    """The case with a seed for every input and weight, and with the outputs that PyTorch computes."""
    def seeded(item):
        return {**item, "kind": item.get("kind", "f32"), "seed": item["seed"] if "seed" in item else next(seeds)}

    inputs = [seeded(item) for item in case["inputs"]]
    weights = {name: seeded(item) for name, item in case.get("weights", {}).items()}
    attributes = case.get("attributes", {})
    tensors = [Named(pattern([size for _, size in item["axes"]], item["seed"], item["kind"]), [axis for axis, _ in item["axes"]])
               for item in inputs]
    stored = {name: pattern(item["shape"], item["seed"], item["kind"]) for name, item in weights.items()}
    results = OPERATORS[case["op"]](*tensors, **{**attributes, **stored})
    outputs = []
    for i, result in enumerate(results if isinstance(results, list) else [results]):
        axes = case["outputs"][i]["axes"] if "outputs" in case else result.axes
        data = result.ordered(axes)
        outputs.append({"axes": axes, "shape": list(data.shape), "data": [number(v) for v in data.double().flatten().tolist()]})
    return {"op": case["op"], "inputs": inputs, **({"attributes": attributes} if attributes else {}),
            **({"weights": weights} if weights else {}), "outputs": outputs}


def text(value):
    """JSON on one line; whole numbers have no `.0`."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(item) for item in value) + "]"
    return json.dumps(value)


def main():
    folder = pathlib.Path(__file__).parent
    files = {name: json.loads((folder / name).read_text()) for name in FILES}
    used = [item["seed"] for cases in files.values() for case in cases
            for item in [*case["inputs"], *case.get("weights", {}).values()] if "seed" in item]
    seeds = count(max(used) + 1)
    changed = []
    for name, cases in files.items():
        made = "[\n" + ",\n".join(text(completed(case, seeds)) for case in cases) + "\n]\n"
        if made != (folder / name).read_text():
            changed.append(name)
            if "--check" not in sys.argv:
                (folder / name).write_text(made)
    print("changed: " + ", ".join(changed) if changed else "nothing has changed")
    return 1 if changed and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
