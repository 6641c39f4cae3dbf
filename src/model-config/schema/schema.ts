import { ENUMS, MESSAGES } from "./schema.gen.ts";

/** Triton's schema of a model configuration: fields of each message, numbers of each enum. */
export const MODEL_CONFIG_SCHEMA = { messages: MESSAGES, enums: ENUMS } as const;
