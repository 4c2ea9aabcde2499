/** @file Derived from the records: operators that work on every element by itself, at many sizes. */
import { describeOperators } from "../support/operator-cases.ts";

describeOperators("elementwise", "functions", "activation");
