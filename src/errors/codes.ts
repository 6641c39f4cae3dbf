/**
 * Every way Triptych can refuse or fail, by stable code.
 *
 * The exit code says what a command line does with it: 2 for a usage or spec error,
 * 3 for a run that broke (see docs/errors.md, which is generated from this table).
 */
export const ERROR_CODES = {
  usage: { exit: 2, title: "The command line is not understood", next: "Read `triptych COMMAND --help`." },
  "spec-not-found": {
    exit: 2,
    title: "The pipeline spec cannot be read",
    next: "Name a spec file that exists; `configs/` holds examples.",
  },
  "spec-syntax": {
    exit: 2,
    title: "The pipeline spec is not valid YAML",
    next: "Mend the YAML at the line and column of each finding.",
  },
  "spec-invalid": {
    exit: 2,
    title: "The pipeline spec has one or more mistakes",
    next: "Mend each finding; all of them are listed at once, with line and column.",
  },
  "plan-impossible": {
    exit: 2,
    title: "The spec is well-formed but cannot be served as written",
    next: "Change the setting that the message names; the hint says to what.",
  },
  "model-config-syntax": {
    exit: 2,
    title: "A config.pbtxt cannot be parsed",
    next: "Mend the text at the place the message names.",
  },
  "tensor-invalid": {
    exit: 2,
    title: "A tensor does not fit its datatype or shape",
    next: "Compare the tensor with its datatype and dims in the model's contract.",
  },
  "weights-missing": {
    exit: 2,
    title: "A weight file that the pipeline needs is not there",
    next: "Put the file where the message says; `make train-tiny` makes those of wan-tiny again.",
  },
  "weights-mismatch": {
    exit: 2,
    title: "A weight file is not the one that was described",
    next: "Restore the file from git, or make it and its `manifest.json` again.",
  },
  "engine-invalid": {
    exit: 3,
    title: "A file is not the TensorRT engine that it should be",
    next: "Build the engine again with the TensorRT release of the server.",
  },
  "engine-build-failed": {
    exit: 3,
    title: "TensorRT did not build an engine",
    next: "Read trtexec's own reason in the message and in its log; the command to repeat by hand stands below it.",
  },
  "checkpoint-invalid": {
    exit: 2,
    title: "The checkpoint lacks something that is made into a network, or holds half of it",
    next: "Copy what the message names from the checkpoint in diffusers layout; all findings are listed at once.",
  },
  "resources-short": {
    exit: 3,
    title: "Disk or memory will not do for what is to be made, by the estimate",
    next: "Free what the message names, or go on in spite of it with `--ignore-estimates`.",
  },
  "tools-missing": {
    exit: 3,
    title: "The Python tools cannot run",
    next: "Make their environment as the hint says, and name it with `--python`.",
  },
  "artifact-failed": {
    exit: 3,
    title: "A tool did not make what it was to make",
    next: "Read the tool's own reason in the message and in its log; the command to repeat by hand stands below it.",
  },
  "trtexec-missing": {
    exit: 3,
    title: "No trtexec program was found",
    next: "Run inside NVIDIA's container of the target's release, or put trtexec on PATH.",
  },
  "repository-drift": {
    exit: 1,
    title: "The model repository on disk is not what the spec says",
    next: "Run `triptych repository SPEC` to write what the spec says, and read the difference.",
  },
  "repository-refused": {
    exit: 1,
    title: "Triton would refuse a model of the repository",
    next: "Mend each finding; `triptych lint` shows them with warnings and notes, and docs/lint.md has every rule.",
  },
  "repository-write": {
    exit: 3,
    title: "The model repository could not be written",
    next: "Check that the folder is yours to write.",
  },
  "process-failed": {
    exit: 3,
    title: "A program ended with an error",
    next: "Read the tail of its log; the message ends with the command to repeat by hand.",
  },
  "process-timeout": {
    exit: 3,
    title: "A program did not end in time",
    next: "Look at the log for what it waited for; raise the limit if it was only slow.",
  },
  "python-missing": {
    exit: 3,
    title: "No suitable Python interpreter was found",
    next: "Install Python 3.10 to 3.12 with venv (Debian: `apt install python3 python3-venv`).",
  },
  "venv-missing": {
    exit: 3,
    title: "Python has no venv module",
    next: "Install the venv module (Debian: `apt install python3-venv`).",
  },
  "libpython-missing": {
    exit: 3,
    title: "The shared library of Python was not found",
    next: "Install the shared library (Debian: `apt install libpython3.11`).",
  },
  "environment-failed": {
    exit: 3,
    title: "The embedded server's environment could not be made",
    next: "Read pip's last lines; check the network, then run the command again.",
  },
  "cache-unwritable": {
    exit: 3,
    title: "The cache folder cannot be written",
    next: "Set `TRIPTYCH_CACHE` to a folder that is yours to write.",
  },
  "disk-full": {
    exit: 3,
    title: "The disk is full",
    next: "Free some space and run the command again; nothing half-written is left behind.",
  },
  "port-taken": {
    exit: 3,
    title: "A port is already in use",
    next: "Stop the program that has the port, or choose another port.",
  },
  "server-start-failed": {
    exit: 3,
    title: "Triton did not become ready",
    next: "Read Triton's own reason in the message and the tail of its log.",
  },
  "server-exited": {
    exit: 3,
    title: "Triton ended unexpectedly",
    next: "Read the tail of its log; start it again.",
  },
  "docker-missing": {
    exit: 3,
    title: "No docker program was found",
    next: "Install Docker, or use `triton: embedded` on this machine.",
  },
  unreachable: {
    exit: 3,
    title: "The server cannot be reached",
    next: "Check the address and that the server runs; `triptych serve` prints its endpoint.",
  },
  "server-not-ready": {
    exit: 3,
    title: "The server answers, but is not ready to serve",
    next: "Wait until its models are loaded; its log tells if one of them failed.",
  },
  "server-stopping": {
    exit: 3,
    title: "The server is shutting down",
    next: "Send the call again when the server, or another one, is there.",
  },
  "access-denied": {
    exit: 3,
    title: "The server does not take this call from this client",
    next: "Give the header, token or certificate that the message asks for.",
  },
  "response-too-large": {
    exit: 3,
    title: "A message is larger than one of the two sides takes",
    next: "Raise `maxResponseBytes`, or ask for fewer outputs.",
  },
  "contract-mismatch": {
    exit: 3,
    title: "The server's models are not what this client was made for",
    next: "Serve the repository of the same spec, or render the client's contract again.",
  },
  "model-not-found": {
    exit: 3,
    title: "The server has no such model, or it is not loaded",
    next: "Check the name and that the model is loaded.",
  },
  "model-load-failed": {
    exit: 3,
    title: "The server could not load a model",
    next: "Read the server's own reason in the message; `triptych repository --check` and its log tell more.",
  },
  "request-invalid": {
    exit: 2,
    title: "The server refused a request as wrong",
    next: "Change the input that the message names.",
  },
  "response-invalid": {
    exit: 3,
    title: "The server's answer does not fit its own description",
    next: "Serve the repository of the same spec; if it is, report this.",
  },
  "inference-failed": {
    exit: 3,
    title: "A model failed while it ran",
    next: "Read the model's own message and the server's log.",
  },
  "middleware-failed": {
    exit: 3,
    title: "A middleware of the client failed",
    next: "Read its own error in the message and the cause; it was given to `connect` as `use`.",
  },
  "replay-mismatch": {
    exit: 1,
    title: "A call is not the one that was recorded",
    next: "Compare what the message names; record the session anew if the call is meant to be so.",
  },
  "deadline-exceeded": {
    exit: 3,
    title: "The call did not end before its deadline",
    next: "Raise the deadline, or ask for fewer steps.",
  },
  overloaded: { exit: 3, title: "The server's queue is full", next: "Try again later, or lower the load." },
  cancelled: { exit: 130, title: "The call was cancelled", next: "Nothing: this is what was asked for." },
  "shared-memory-unavailable": {
    exit: 3,
    title: "Shared memory cannot be had, or not with this server",
    next: "Do what the message says, or call without shared memory: the answers are the same.",
  },
  "records-invalid": {
    exit: 2,
    title: "A file is not a record of a measurement, was edited, or is of another version",
    next: "Name a file that `triptych bench` of this version wrote.",
  },
  "measurement-invalid": {
    exit: 3,
    title:
      "A measurement cannot be trusted: no request succeeded, or the sender or its machine was in the way",
    next: "Do what the finding says and measure again, or go on in spite of it with `--ignore-checks`.",
  },
  "gate-invalid": {
    exit: 2,
    title: "A gate file has mistakes, or a check of it matches no data",
    next: "Mend each finding; a check that never fires would pass everything.",
  },
  "accepted-invalid": {
    exit: 2,
    title: "The file of accepted values is not one, or is of another configuration of the gate",
    next: "Measure again and accept again, or remove the file.",
  },
  "output-exists": {
    exit: 2,
    title: "A file that was to be written is there already",
    next: "Name another file, or write over it with `--force`.",
  },
  "output-unwritable": {
    exit: 3,
    title: "A result file could not be written",
    next: "Choose another place for the file.",
  },
  internal: { exit: 3, title: "A mistake in Triptych itself", next: "Report it with the stack trace." },
} as const satisfies Record<string, ErrorCodeFacts>;

interface ErrorCodeFacts {
  readonly exit: 1 | 2 | 3 | 130;
  readonly title: string;
  /** What a person does about it. */
  readonly next: string;
}

/** The closed set of error codes. Branch on these, not on messages. */
export type ErrorCode = keyof typeof ERROR_CODES;
