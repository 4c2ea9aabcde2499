/** @file Derived from the records: operators that move elements or work along an axis, at many sizes. */
import { describeOperators } from "../support/operator-cases.ts";

describeOperators("fusion", "shape", "margin", "gather", "scatter", "pixels", "scan", "sort", "triangle", "other");
