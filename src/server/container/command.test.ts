import { describe, expect, it } from "vitest";
import { dockerCommand } from "./command.ts";

const options = { kind: "container", modelRepository: "/srv/models" } as const;
const argv = (more = {}): readonly string[] => dockerCommand({ ...options, ...more }).argv;

describe("dockerCommand", () => {
  it("is a loopback-only, read-only, unprivileged run of NVIDIA's image", () => {
    const { argv: words, warnings } = dockerCommand(options);
    expect(warnings).toEqual([]);
    expect(words).toEqual([
      "docker",
      "run",
      "--rm",
      "--name=triptych",
      "--gpus=all",
      "--shm-size=1073741824",
      "--ulimit=memlock=-1",
      "--ulimit=stack=67108864",
      "--user=1000:1000",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      "--publish=127.0.0.1:8000:8000",
      "--publish=127.0.0.1:8001:8001",
      "--publish=127.0.0.1:8002:8002",
      "--mount=type=bind,source=/srv/models,target=/models,readonly",
      "nvcr.io/nvidia/tritonserver:26.08-py3",
      "tritonserver",
      "--id=triptych",
      "--model-repository=/models",
      "--disable-auto-complete-config",
      "--strict-readiness=true",
      "--exit-on-error=true",
      "--exit-timeout-secs=5",
      "--grpc-http2-min-recv-ping-interval-without-data=30000",
      "--grpc-keepalive-permit-without-calls=true",
    ]);
  });

  it("mounts the folder that the repository's Python models need, and serves the models in it", () => {
    const words = argv({ modelRepository: "/srv/wan/models", repositoryRoot: "/srv/wan" });
    expect(words).toContain("--mount=type=bind,source=/srv/wan,target=/models,readonly");
    expect(words).toContain("--model-repository=/models/models");
    expect(() => argv({ repositoryRoot: "/elsewhere" })).toThrow(/does not lie in/);
  });

  it("takes GPUs, ports, mounts and variables as asked", () => {
    const words = argv({
      gpus: [0, 2],
      ports: { grpc: 9001 },
      mounts: ["/srv/engines,a:b"],
      env: { A: "x y" },
      user: "root",
      image: "registry.example/triton",
      models: ["final"],
    });
    expect(words).toEqual(
      expect.arrayContaining([
        '--gpus="device=0,2"',
        "--publish=127.0.0.1:9001:8001",
        '--mount=type=bind,"source=/srv/engines,a:b","target=/srv/engines,a:b",readonly',
        "--env=A=x y",
        "--user=root",
        "registry.example/triton:26.08-py3",
        "--load-model=final",
      ]),
    );
    expect(argv({ gpus: "none" }).join(" ")).not.toContain("--gpus");
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %d bytes of shared memory", (shmBytes) => {
    expect(() => argv({ shmBytes })).toThrow("shmBytes must be a whole number above 0");
  });
});

describe("the image's release", () => {
  it.each([
    ["26.08-py3", 0],
    ["26.07-py3", 0],
    ["27.01", 0],
    ["26.06-py3", 1],
    ["25.08-py3", 1],
    ["latest", 1],
  ])("%s gives %d warnings", (tag, count) => {
    expect(dockerCommand({ ...options, tag }).warnings).toHaveLength(count);
  });

  it.each(["25.07-py3", "24.10-py3", "23.12"])("%s is refused", (tag) => {
    expect(() => dockerCommand({ ...options, tag })).toThrow(/known ways to run commands/);
  });
});
