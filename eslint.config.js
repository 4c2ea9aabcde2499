/** @file ESLint rules beyond the compiler's own checks. Prettier does the formatting. */
import { defineConfig, globalIgnores } from "eslint/config";
import { configs } from "typescript-eslint";

/** Imports that only some folders may use. */
const node = {
  group: ["node:*"],
  message: "Only cli, lsp, node and runtime/node may use Node: the rest runs in a browser.",
};
const parser = { group: ["chevrotain"], message: "Chevrotain stays inside src/parser." };
const imports = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

export default defineConfig(
  globalIgnores([
    "dist/",
    "out/",
    ".cache/",
    "src/library.ts",
    "src/codegen/standalone/runtime-text.ts",
    "test/fixtures/",
  ]),
  configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ["**/*.js"], extends: [configs.disableTypeChecked] },
  { files: ["src/**"], rules: imports(node, parser) },
  { files: ["src/parser/**"], rules: imports(node) },
  { files: ["src/{cli,lsp,node,runtime/node}/**"], rules: imports(parser) },
);
