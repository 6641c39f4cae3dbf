import type { Rule } from "../types.ts";
import { BASE, pythonModel } from "./define.ts";

// Texts cannot show a link or a missing permission.
const NONE = { failing: {}, mended: pythonModel(BASE) };

/** What keeps lint from looking (H): the verdict is then not known, and the finding an error. */
export const ACCESS_RULES: readonly Rule[] = [
  {
    id: "H101",
    severity: "error",
    what: "A folder or a configuration is a link out of the repository; it is told and not followed.",
    mend: "Copy what it leads to into the repository, or follow links with `--follow-links`.",
    example: NONE,
  },
  {
    id: "H102",
    severity: "warning",
    what: "A link that leads nowhere, or in a circle.",
    mend: "Take it away.",
    example: NONE,
  },
  {
    id: "H201",
    severity: "error",
    what: "A configuration, a folder, or the file of a served version cannot be read.",
    mend: "Give the user who serves it the right to read it.",
    example: NONE,
  },
  {
    id: "H202",
    severity: "error",
    what: "What is called config.pbtxt is no file.",
    mend: "Put a file in its place.",
    example: NONE,
  },
  {
    id: "H203",
    severity: "error",
    what: "A configuration of more than 4 MiB; it was not read.",
    mend: "See what it is: no model needs as much.",
    example: NONE,
  },
  {
    id: "H301",
    severity: "warning",
    what: "A name that is not UTF-8; what is called so was not looked at.",
    mend: "Rename it.",
    example: NONE,
  },
  {
    id: "H401",
    severity: "error",
    what: "A folder with more than 10,000 entries; the rest was not looked at.",
    mend: "Take away what does not belong there.",
    example: NONE,
  },
];
