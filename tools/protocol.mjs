// Compiles the client's .proto files into the JSON descriptor that it loads at run time.
//   node tools/protocol.mjs           write
//   node tools/protocol.mjs --check   compare only; exit 1 if the file is out of date
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

// The compiler that proto-loader itself uses, so that both read the file alike.
const protobuf = createRequire(import.meta.resolve("@grpc/proto-loader"))("protobufjs");

const folder = new URL("../src/client/protocol/", import.meta.url);
// The last one is written once for two: the client's messages, and the table that config.pbtxt is read by.
const sources = ["grpc_service.proto", "health.proto", "../../model-config/schema/model_config.proto"].map(
  (file) => fileURLToPath(new URL(file, folder)),
);
const target = fileURLToPath(new URL("grpc-service.json", folder));

/** The formatter's form of a short list. */
const onOneLine = (list) => JSON.stringify(JSON.parse(list)).replaceAll(",", ", ");

const compile = () => {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => sources.find((file) => basename(file) === basename(target)) ?? null;
  root.loadSync(sources, { keepCase: true });
  const json = JSON.stringify(root.resolveAll().toJSON(), null, 2);
  return `${json.replace(/\[[^[\]{}]+\]/g, onOneLine)}\n`;
};

const isCurrent = (text) => {
  try {
    return JSON.stringify(JSON.parse(readFileSync(target, "utf8"))) === JSON.stringify(JSON.parse(text));
  } catch {
    return false;
  }
};

const text = compile();
if (process.argv.includes("--check")) {
  if (!isCurrent(text)) {
    console.error("src/client/protocol/grpc-service.json is out of date: run `node tools/protocol.mjs`");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
