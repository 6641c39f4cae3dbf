import { expect, it } from "vitest";
import { pipProgress } from "./pip-progress.ts";

const REQUIREMENTS = `# a comment
nvidia-pytriton==0.7.0 \\
    --hash=sha256:1
onnxruntime==2 ; python_version >= "3.11" \\
    --hash=sha256:2
onnxruntime==1 ; python_version < "3.11" \\
    --hash=sha256:3`;

it("names each package in its turn", () => {
  const messages: string[] = [];
  const onLine = pipProgress(REQUIREMENTS, ({ message }) => messages.push(message));
  onLine("Looking in indexes: https://index.example/simple");
  onLine("Processing /wheels/nvidia_pytriton-0.7.0-py3-none-any.whl (from -r /a/requirements.txt (line 2))");
  onLine("  Downloading x");
  onLine("Collecting onnxruntime==2 (from -r /a/requirements.txt (line 4))");
  onLine("Installing collected packages: nvidia-pytriton, onnxruntime");
  expect(messages).toEqual([
    "Fetching nvidia-pytriton (1 of 2)",
    "Fetching onnxruntime (2 of 2)",
    "Unpacking the packages",
  ]);
});
