export { makeFolder } from "./make-folder.ts";
export { isDiskFull, partialName, type WriteRefusal, writeError, writeWhole } from "./write-whole.ts";
