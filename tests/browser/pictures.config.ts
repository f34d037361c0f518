// Takes the pictures in docs/pictures/ again: `make pictures`.
import base from "./playwright.config.ts";

export default { ...base, testMatch: "*.pictures.ts", workers: 1, timeout: 120_000 };
