import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pythonOf, ROOT } from "./support.ts";

/** A field as both sides tell of it. */
interface Row {
  readonly number: number;
  readonly type: string;
  readonly repeated?: boolean;
  readonly key?: string;
  readonly oneof?: string;
}

type Messages = Readonly<Record<string, Readonly<Record<string, Row>>>>;

/** A message of protobufjs, as far as it is read here. */
interface Message {
  readonly fieldsArray?: readonly Field[];
  readonly nestedArray?: readonly Message[];
  readonly fullName: string;
}

interface Field {
  readonly name: string;
  readonly id: number;
  readonly type: string;
  readonly repeated: boolean;
  readonly map: boolean;
  readonly keyType?: string;
  readonly resolvedType: { readonly fullName: string } | null;
  readonly partOf: { readonly name: string } | null;
}

// The compiler that the client's protocol is made with.
const protobuf = createRequire(createRequire(import.meta.url).resolve("@grpc/proto-loader"))(
  "protobufjs",
) as {
  Root: {
    fromJSON: (json: unknown) => Message & { resolveAll: () => void; lookup: (name: string) => Message };
  };
};

const short = (name: string) => name.replace(/^\.inference\./, "");

function rowOf(field: Field): Row {
  const { id, type, repeated, map, keyType, resolvedType, partOf } = field;
  return {
    number: id,
    type: resolvedType === null ? type : short(resolvedType.fullName),
    ...(map ? { key: keyType ?? "" } : {}),
    ...(repeated ? { repeated } : {}),
    ...(partOf === null ? {} : { oneof: partOf.name }),
  };
}

function rowsBelow(space: Message): Messages {
  const own = (message: Message) =>
    message.fieldsArray === undefined
      ? {}
      : {
          [short(message.fullName)]: Object.fromEntries(
            message.fieldsArray.map((field) => [field.name, rowOf(field)]),
          ),
        };
  return Object.assign(
    {},
    ...(space.nestedArray ?? []).map((message) => ({ ...own(message), ...rowsBelow(message) })),
  ) as Messages;
}

function ours(): Messages {
  const root = protobuf.Root.fromJSON(
    JSON.parse(readFileSync(join(ROOT, "src/client/protocol/grpc-service.json"), "utf8")),
  );
  root.resolveAll();
  return rowsBelow(root.lookup("inference"));
}

function nvidias(): Messages {
  const script = join(ROOT, "e2e/judges/model_config_schema.py");
  const of = (schema: string) => {
    const said = execFileSync(pythonOf("judge"), [script], { input: JSON.stringify({ schema }) });
    return (JSON.parse(said.toString()) as { messages: Messages }).messages;
  };
  return { ...of("model_config"), ...of("service") };
}

describe("the protocol of the client", () => {
  it("has only messages and fields that NVIDIA's own client was compiled with, each as there", () => {
    const [mine, theirs] = [ours(), nvidias()];
    expect(Object.keys(mine).length).toBeGreaterThan(60);
    expect(mine["ModelInferRequest"]?.["raw_input_contents"]?.number).toBe(7);
    for (const [message, rows] of Object.entries(mine)) {
      for (const [field, row] of Object.entries(rows)) {
        expect(theirs[message]?.[field], `${message}.${field}`).toEqual(row);
      }
    }
  });
});
