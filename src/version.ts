/** @file The version of Fuse; a test compares it with package.json. */

export const version = "0.1.0";
