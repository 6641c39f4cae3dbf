import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "coverage/",
      "out/",
      "models/",
      "model-repository/",
      "**/.venv*/",
      "**/*.gen.ts",
      "**/generated/",
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js", "*.cjs", "tools/*.mjs", "tools/bench/*.mjs"] },
      },
    },
    rules: {
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
      complexity: ["error", 12],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Name every export." },
        {
          selector: "ThrowStatement > NewExpression[callee.name='Error']",
          message: "Throw a TriptychError with a code, so that callers can tell errors apart.",
        },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/no-import-type-side-effects": "error",
    },
  },
  { files: ["*.config.ts"], rules: { "no-restricted-syntax": "off" } },
  {
    // A describe block is a list of cases, not a function to keep short.
    // Its failures are read by a person, never branched on.
    files: ["**/*.test.ts", "e2e/**"],
    rules: { "max-lines-per-function": "off", "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.js", "**/*.cjs", "tools/*.mjs", "tools/bench/*.mjs", "e2e/fixtures/**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { "no-restricted-syntax": "off" },
  },
);
