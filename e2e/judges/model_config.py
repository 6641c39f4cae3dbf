"""Read config.pbtxt texts with Google's text-format parser and Triton's own schema.

Standard input: {"texts": {name: text}}.
Standard output: {name: {"message": fields}} or {name: {"error": what the parser said}}.
Fields have the schema's names; absent ones are left out, and so are those that equal the schema's default.
"""

import json
import sys

from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2


def judge(text: str) -> dict[str, object]:
    """The fields of one text, or the error of the parser."""
    message = model_config_pb2.ModelConfig()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        return {"error": str(error)}
    return {"message": json_format.MessageToDict(message, preserving_proto_field_name=True)}


def main() -> None:
    """Judge all texts in one run: starting Python costs more than reading them."""
    texts: dict[str, str] = json.loads(sys.stdin.buffer.read())["texts"]
    json.dump({name: judge(text) for name, text in texts.items()}, sys.stdout)


if __name__ == "__main__":
    main()
