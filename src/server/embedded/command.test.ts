import { expect, it } from "vitest";
import { embeddedCommand } from "./command.ts";
import { describe as describeEnvironment } from "./layout.ts";

const environment = describeEnvironment("/cache/e", "3.11");
const ports = { http: 1, grpc: 2, metrics: 3 };

function command(options = {}): ReturnType<typeof embeddedCommand> {
  return embeddedCommand(
    environment,
    { kind: "embedded", modelRepository: "/models", ...options },
    ports,
    "triptych-1",
  );
}

it("listens on loopback only, by its own name and memory", () => {
  const { file, args } = command();
  expect(file).toBe("/cache/e/lib/python3.11/site-packages/pytriton/tritonserver/bin/tritonserver");
  expect(args).toEqual([
    "--id=triptych-1",
    "--model-repository=/models",
    "--backend-directory=/cache/e/lib/python3.11/site-packages/pytriton/tritonserver/backends",
    "--cache-directory=/cache/e/lib/python3.11/site-packages/pytriton/tritonserver/caches",
    "--http-address=127.0.0.1",
    "--http-port=1",
    "--grpc-address=127.0.0.1",
    "--grpc-port=2",
    "--metrics-address=127.0.0.1",
    "--metrics-port=3",
    "--allow-gpu-metrics=false",
    "--backend-config=python,shm-region-prefix-name=triton_python_backend_shm_region_triptych-1_",
    "--disable-auto-complete-config",
    "--strict-readiness=true",
    "--exit-on-error=true",
    "--exit-timeout-secs=5",
    "--grpc-http2-min-recv-ping-interval-without-data=30000",
    "--grpc-keepalive-permit-without-calls=true",
  ]);
});

it("passes models, each backend key and further flags one by one", () => {
  const { args } = command({
    models: ["a", "b"],
    backendConfig: { python: { "shm-default-byte-size": 4_194_304, "thread-pool-size": 2 } },
    flags: ["--log-verbose=1"],
  });
  expect(args.slice(-6)).toEqual([
    "--model-control-mode=explicit",
    "--load-model=a",
    "--load-model=b",
    "--backend-config=python,shm-default-byte-size=4194304",
    "--backend-config=python,thread-pool-size=2",
    "--log-verbose=1",
  ]);
  expect(command({ models: [] }).args.at(-1)).toBe("--model-control-mode=explicit");
});

it("lets Triton complete configurations only where that is asked for", () => {
  expect(command({ autoComplete: true }).args).not.toContain("--disable-auto-complete-config");
  expect(command({ autoComplete: false }).args).toContain("--disable-auto-complete-config");
});

it("gives the models their own Python, no GPU, few threads and no word to anybody", () => {
  expect(command({ threads: 3 }).env).toMatchObject({
    PATH: expect.stringMatching(/^\/cache\/e\/bin:/) as string,
    LD_LIBRARY_PATH: "/cache/e/libpython",
    PYTHONPATH: undefined,
    LC_ALL: "C.UTF-8",
    CUDA_VISIBLE_DEVICES: "",
    OMP_NUM_THREADS: "3",
    ORT_DISABLE_TELEMETRY: "1",
  });
  expect(command().env["HOME"]).toBeUndefined();
  expect(command().env).not.toHaveProperty("HOME");
});
