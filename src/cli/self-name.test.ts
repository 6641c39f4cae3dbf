import { expect, it } from "vitest";
import { selfName } from "./self-name.ts";

it.each([
  ["installed for all projects", "/usr/local/bin/triptych", "triptych"],
  ["installed in a project", "/home/me/shop/node_modules/.bin/triptych", "npx triptych"],
  ["in a checkout", "/home/me/shop/dist/cli/main.js", "node dist/cli/main.js"],
  ["in a checkout elsewhere", "/home/me/triptych/dist/cli/main.js", "node ../triptych/dist/cli/main.js"],
])("%s", (_, script, name) => {
  expect(selfName(script, "/home/me/shop")).toBe(name);
});
