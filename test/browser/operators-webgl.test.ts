/** @file Derived from the records: every operator on webgl, in Chromium. */
import { describeBrowser } from "../support/browser/describe.ts";

describeBrowser("webgl");
