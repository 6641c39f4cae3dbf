import { describe, expect, it } from "vitest";
import { dockerArguments } from "./program.ts";

describe("a build in a container", () => {
  const container = {
    kind: "container",
    image: "nvcr.io/nvidia/tritonserver:26.08-py3",
    folders: ["/a,b/w"],
  } as const;
  const words = dockerArguments(container, ["--onnx=/a,b/w/x.onnx"], "triptych-build-1");

  it("runs the image's own trtexec, wherever it stands there", () => {
    expect(words.slice(words.indexOf("--entrypoint=sh"))).toEqual([
      "--entrypoint=sh",
      "nvcr.io/nvidia/tritonserver:26.08-py3",
      "-c",
      'PATH="$PATH:/usr/src/tensorrt/bin" exec trtexec "$@"',
      "sh",
      "--onnx=/a,b/w/x.onnx",
    ]);
  });

  it("sees the checkpoint under its own path, as the user who runs it, and nothing of the network", () => {
    expect(words).toContain('--mount=type=bind,"source=/a,b/w","target=/a,b/w"');
    expect(words).toContain(`--user=${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`);
    expect(words).toContain("--network=none");
    expect(words).toContain("--gpus=all");
  });

  it("can be ended: trtexec is not process 1, and the container has a name to remove it by", () => {
    expect(words).toContain("--init");
    expect(words).toContain("--rm");
    expect(words).toContain("--name=triptych-build-1");
  });
});
