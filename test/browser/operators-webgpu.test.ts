/** @file Derived from the records: every operator on webgpu, in Chromium. */
import { describeBrowser } from "../support/browser/describe.ts";

describeBrowser("webgpu");
