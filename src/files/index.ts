export { fileSha256, textSha256 } from "./digest.ts";
export { exists } from "./exists.ts";
export { type LockOptions, withLock } from "./lock.ts";
export { type LogFile, openLogFile } from "./log-file.ts";
export { makeFolder } from "./make-folder.ts";
export { identityOf, lifeOf, type ProcessIdentity } from "./process-identity.ts";
export { type OutputTarget, outputTarget, writeOutput } from "./write-output.ts";
export { isDiskFull, partialName, type WriteRefusal, writeError, writeWhole } from "./write-whole.ts";
