/** @file Derived from the records: elementwise operators, at many sizes. */
import { describeOperators } from "../support/operator-cases.ts";

describeOperators("elementwise", "functions", "activation");
