import { describe, expect, it } from "vitest";
import { explainStart, readStartLog } from "./start-log.ts";

/** Lines as Triton 2.51 wrote them. */
const BROKEN = String.raw`E1123 21:49:13.641747 7983 server.cc:241] "CudaDriverHelper has not been initialized."
I1123 21:49:13.642762 7983 model_lifecycle.cc:472] "loading: broken:1"
I1123 21:49:13.642763 7983 model_lifecycle.cc:472] "loading: good:1"
E1123 21:49:14.049285 7983 backend_model.cc:692] "ERROR: Failed to create instance: TritonModelException: no \"weights\"\n\nAt:\n  /r/broken/1/model.py(4): initialize\n"
E1123 21:49:14.049395 7983 model_lifecycle.cc:642] "failed to load 'broken' version 1: Internal: TritonModelException: no \"weights\"\n\nAt:\n  /r/broken/1/model.py(4): initialize\n"
I1123 21:49:14.049411 7983 model_lifecycle.cc:777] "failed to load 'broken'"
I1123 21:49:14.146535 7983 model_lifecycle.cc:839] "successfully loaded 'good'"
error: creating server: Internal - failed to load all models`;

const SYNTAX = `[libprotobuf ERROR /tmp/build/text_format.cc:337] Error parsing text-format inference.ModelConfig: 3:16: Message type "inference.ModelConfig" has no field named "max_batch_sizes".
E1123 21:49:15.071063 7999 model_repository_manager.cc:1460] "Poll failed for model directory 'nofield': failed to read text proto from /r/nofield/config.pbtxt"
error: creating server: Internal - failed to load all models`;

const MISSING = `E1123 21:49:16.094035 8007 model_repository_manager.cc:1415] "failed to poll model 'nothere': model not found in any model repository."
I1123 21:49:16.094919 8007 model_lifecycle.cc:472] "loading: identity:1"`;

const TAKEN = `E1123 21:49:07.781744 7774 main.cc:245] "failed to start GRPC service: Unavailable - Socket '127.0.0.1:18001' already in use "`;

const FLAG = `/x/bin/tritonserver: unrecognized option '--no-such-flag=1'
Usage: tritonserver [options]`;

describe("readStartLog", () => {
  it("finds the model that failed and its reason", () => {
    const facts = readStartLog(BROKEN);
    expect(facts.failures).toEqual([
      {
        model: "broken",
        reason: 'TritonModelException: no "weights" At: /r/broken/1/model.py(4): initialize',
      },
    ]);
    expect(facts.loading).toEqual([]);
    expect(explainStart(facts)).toBe(
      'Triton could not load model "broken": TritonModelException: no "weights" At: /r/broken/1/model.py(4): initialize',
    );
  });

  it("puts the parser's words to a refused config.pbtxt", () => {
    expect(explainStart(readStartLog(SYNTAX))).toBe(
      'Triton could not load model "nofield": failed to read text proto from /r/nofield/config.pbtxt: ' +
        'Error parsing text-format inference.ModelConfig: 3:16: Message type "inference.ModelConfig" has no field named "max_batch_sizes".',
    );
  });

  it("tells which models are missing and which still load", () => {
    const facts = readStartLog(MISSING);
    expect(facts.failures).toEqual([
      { model: "nothere", reason: "model not found in any model repository." },
    ]);
    expect(facts.loading).toEqual(["identity"]);
  });

  it("finds the port that is taken", () => {
    expect(readStartLog(TAKEN).takenPort).toBe(18_001);
    const docker =
      "docker: Error response from daemon: driver failed: Bind for 127.0.0.1:18002 failed: port is already allocated.";
    expect(readStartLog(docker).takenPort).toBe(18_002);
    expect(readStartLog("listen tcp4 127.0.0.1:18003: bind: address already in use").takenPort).toBe(18_003);
    expect(readStartLog(BROKEN).takenPort).toBeUndefined();
  });

  it("falls back on Triton's last word", () => {
    expect(explainStart(readStartLog(FLAG))).toBe("Triton said: unrecognized option '--no-such-flag=1'");
    expect(explainStart(readStartLog("error: creating server: Internal - failed to stat file /r"))).toBe(
      "Triton said: creating server: Internal - failed to stat file /r",
    );
    expect(explainStart(readStartLog("nothing of use"))).toBeUndefined();
  });
});
