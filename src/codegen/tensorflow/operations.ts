/** @file Which of TensorFlow's operations Fuse writes: what a file may ask a machine to do. */

const written: ReadonlySet<string> = new Set(
  (
    "Abs Acos Acosh AddV2 All Any ArgMax ArgMin Asin Asinh Atan Atanh AvgPool BatchMatMulV2 BiasAdd Cast Ceil " +
    "ClipByValue ConcatV2 Const Conv2D Conv2DBackpropInput Cos Cosh Cumprod Cumsum DepthwiseConv2dNative Elu Equal " +
    "Erf Exp Expm1 Fill Floor FloorDiv FloorMod FusedDepthwiseConv2dNative GatherV2 Greater GreaterEqual Identity " +
    "IsInf IsNan LeakyRelu Less LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool Maximum Mean " +
    "Min Minimum MirrorPad Mul Neg NotEqual Pack Pad PadV2 Placeholder Pow Prod Range RealDiv Reciprocal Relu Relu6 " +
    "Reshape ResizeBilinear ResizeNearestNeighbor ReverseV2 Round Rsqrt SelectV2 Selu Shape Sigmoid Sign Sin Sinh " +
    "Slice Softmax Softplus Sqrt Square StridedSlice Sub Sum Tan Tanh Transpose _FusedConv2D _FusedMatMul"
  ).split(" "),
);

/** The emitter writes no other one, and none is run of a file: TensorFlow has operations that read and write files. */
export const isWritten = (op: string): boolean => written.has(op);
