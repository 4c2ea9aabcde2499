/** @file Derived from the records: operators that combine elements along axes, at many sizes. */
import { describeOperators } from "../support/operator-cases.ts";

describeOperators("reduce", "statistics", "argReduce", "dot", "linear", "normalise");
