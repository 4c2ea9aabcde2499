/** @file Derived from the records: operators that slide windows over images or resize them, at many sizes. */
import { describeOperators } from "../support/operator-cases.ts";

describeOperators("conv", "convTranspose", "correlate", "unfold", "pooling", "adaptive", "resize", "gridSample");
