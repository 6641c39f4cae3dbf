import type { Finding, Position } from "../../errors/index.ts";
import type { Entry } from "../../files/index.ts";
import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { TritonProfile } from "../release.ts";
import type { Severity } from "../types.ts";

/** A model of a repository, as it was read. */
export interface LintModel {
  /** Name of its folder. */
  readonly name: string;
  readonly folder: string;
  /** Its config.pbtxt, be it there or not. */
  readonly file: string;
  /** What the text says, with the fields that Triton fills in from the folder: name, backend, platform, file name. */
  readonly config: ModelConfigMessage;
  /** False where there is none. */
  readonly hasConfig: boolean;
  /** What the parser refuses; the configuration is then half of one. */
  readonly textFindings: readonly Finding[];
  /** Where a value stands: the value's own place, or that of what it stands in. */
  readonly positionOf: (path: string) => Position | undefined;
  /** Folders below it that are no versions by their name. */
  readonly otherFolders: readonly string[];
  /** Versions on disk, the highest first. */
  readonly versions: readonly bigint[];
  /** Those of them that the version policy chooses. */
  readonly served: readonly bigint[];
  /** What is in the folder, or in a folder below it such as `1`; empty where there is none. */
  readonly filesIn: (folder: string) => ReadonlyMap<string, Entry>;
  /** What is written in a small file of it, such as `1/model.py`; undefined where it was not read. */
  readonly textOf: (folder: string, file: string) => string | undefined;
  /** The first bytes of a file of it; undefined where there are none, or a link out of the repository leads to them. */
  readonly headOf: (folder: string, file: string, bytes: number) => Uint8Array | undefined;
  /** Bytes of a file of it, wherever a link leads; undefined where there is none. */
  readonly sizeOf: (folder: string, file: string) => number | undefined;
  /** Keys of maps that are there twice: the last one holds, without a word. */
  readonly overwritten: readonly Finding[];
}

/** When Triton looks: at the text alone, at an ensemble once its models are there, or when it loads the model. */
export type Phase = "poll" | "ensemble" | "load";

/** What rules may look at beyond a model. */
export interface LintRepository {
  readonly folder: string;
  readonly profile: TritonProfile;
  /** Models whose text could be read, by name. */
  readonly models: ReadonlyMap<string, LintModel>;
  /** Models that are there and could not be looked at. */
  readonly unread: ReadonlySet<string>;
  /** Models whose configuration is whole only once the server has opened them. */
  readonly open: ReadonlySet<string>;
  /** Where a model is refused; undefined while it is fine. */
  readonly refusalOf: (model: string) => Phase | undefined;
}

/** What a check found; the rule gives the rest. */
export interface Problem {
  /** Place in the configuration, such as `input[0].dims`. */
  readonly at?: string | undefined;
  /** A place that the reader told already. */
  readonly position?: Position | undefined;
  /** Another file or folder that it is about. */
  readonly file?: string | undefined;
  readonly message: string;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** In place of the rule's own. */
  readonly hint?: string | undefined;
  readonly severity?: Severity | undefined;
}
