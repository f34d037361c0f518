// Lints the browser tests: no sleeps, no focused tests, no floating promises.
import playwright from "eslint-plugin-playwright";
import tseslint from "typescript-eslint";

export default tseslint.config({
  files: ["tests/browser/**/*.ts", "tests/gateway/**/*.ts"],
  extends: [...tseslint.configs.recommendedTypeChecked, playwright.configs["flat/recommended"]],
  languageOptions: { parserOptions: { project: ["tests/browser/tsconfig.json", "tests/gateway/tsconfig.json"], tsconfigRootDir: import.meta.dirname } },
  rules: {
    "@typescript-eslint/no-floating-promises": "error",
    "playwright/no-wait-for-timeout": "error",
    "playwright/expect-expect": ["warn", { assertFunctionNames: ["expect", "accessible", "seesNotebook", "phaseOf", "signIn"] }],
  },
});
