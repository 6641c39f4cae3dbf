import { fileURLToPath } from "node:url";

/** Top of the source tree, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
