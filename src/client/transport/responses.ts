import type { TriptychError } from "../../errors/index.ts";
import type { ModelInferResponse } from "../protocol/messages.ts";

/** The responses to one request, and a way to end them early. */
export interface ResponseStream extends AsyncIterable<ModelInferResponse> {
  stop(reason: TriptychError): void;
}

/** True for the last response; without outputs it is an end mark, not data. */
export function isFinal(response: ModelInferResponse): boolean {
  return response.parameters["triton_final_response"]?.bool_param === true;
}
