"""Triton's ModelConfig as NVIDIA's own client was compiled with it: its schema, random messages, and a reader.

Standard input, one of:
  {"schema": "model_config"}    every message and enum of the schema
  {"schema": "service"}         the same of the inference protocol
  {"samples": n, "seed": s}     n random messages, each as text and as plain values
  {"texts": [text]}             each text as plain values, or what the parser said against it

Plain values: enums as numbers, 64-bit numbers as decimal strings, floats as the hex digits of a double, messages by
field name without the singular fields that equal their default.
"""

import json
import math
import random
import struct
import sys
import warnings
from typing import Any

from google.protobuf import descriptor, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from tritonclient.grpc import model_config_pb2, service_pb2

Field = descriptor.FieldDescriptor
FLOATS = (Field.TYPE_FLOAT, Field.TYPE_DOUBLE)
WIDE = (Field.TYPE_INT64, Field.TYPE_UINT64)
TYPES = {getattr(Field, name): name[5:].lower() for name in dir(Field) if name.startswith("TYPE_")}
RANGES = {
    Field.TYPE_INT32: (-(2**31), 2**31 - 1),
    Field.TYPE_UINT32: (0, 2**32 - 1),
    Field.TYPE_INT64: (-(2**63), 2**63 - 1),
    Field.TYPE_UINT64: (0, 2**64 - 1),
}
WORDS = [
    "",
    "INPUT",
    "a \"b\" \\ 'c'",
    "line\nline\r\t\x01\x7f",
    "红色 🎬 é \u2028",
    "__proto__",
    "# no comment",
    "{ } < > [ ]",
]


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map, which the descriptor has as a list of entries."""
    kind = field.message_type
    return kind is not None and kind.GetOptions().map_entry


def short_name(kind: Any) -> str:
    """A type's name inside the package."""
    return str(kind.full_name).removeprefix("inference.")


def type_of(field: FieldDescriptor) -> str:
    """The type of a field's values by name."""
    if field.message_type is not None:
        return short_name(field.message_type)
    return short_name(field.enum_type) if field.enum_type is not None else TYPES[field.type]


def field_row(field: FieldDescriptor) -> dict[str, object]:
    """What the schema says of one field."""
    row: dict[str, object] = {"number": field.number}
    if is_map(field):
        entry = field.message_type.fields_by_name
        row |= {"type": type_of(entry["value"]), "key": type_of(entry["key"])}
    else:
        row["type"] = type_of(field)
        if field.is_repeated:
            row["repeated"] = True
    if field.containing_oneof is not None:
        row["oneof"] = field.containing_oneof.name
    return row


def collect(kind: Descriptor, messages: dict[str, Any], enums: dict[str, Any]) -> None:
    """Adds a message with all that is declared inside it."""
    messages[short_name(kind)] = {field.name: field_row(field) for field in kind.fields}
    for entry in kind.enum_types:
        enums[short_name(entry)] = {value.name: value.number for value in entry.values}
    for nested in kind.nested_types:
        if not nested.GetOptions().map_entry:
            collect(nested, messages, enums)


SCHEMAS = {"model_config": model_config_pb2.DESCRIPTOR, "service": service_pb2.DESCRIPTOR}


def schema(name: str) -> dict[str, object]:
    """Every message and enum of one of the schemas."""
    messages: dict[str, Any] = {}
    file = SCHEMAS[name]
    enums = {
        short_name(entry): {value.name: value.number for value in entry.values}
        for entry in file.enum_types_by_name.values()
    }
    for kind in file.message_types_by_name.values():
        collect(kind, messages, enums)
    return {"messages": messages, "enums": enums}


def plain_value(field: FieldDescriptor, value: Any) -> object:
    """One value as JSON can hold it exactly."""
    if field.message_type is not None:
        return plain(value)
    if field.type in FLOATS:
        return "nan" if math.isnan(value) else struct.pack(">d", value).hex()
    return str(value) if field.type in WIDE else value


def plain(message: Message) -> dict[str, object]:
    """A message as JSON can hold it exactly."""
    fields: dict[str, object] = {}
    for field, value in message.ListFields():
        if is_map(field):
            inner = field.message_type.fields_by_name["value"]
            fields[field.name] = {str(key): plain_value(inner, value[key]) for key in value}
        elif field.is_repeated:
            fields[field.name] = [plain_value(field, item) for item in value]
        else:
            fields[field.name] = plain_value(field, value)
    return fields


def random_scalar(dice: random.Random, field: FieldDescriptor) -> Any:
    """A value at the edge of what the field holds, or an ordinary one."""
    if field.type == Field.TYPE_STRING:
        return dice.choice(WORDS)
    if field.type == Field.TYPE_BOOL:
        return dice.random() < 0.5
    if field.type in FLOATS:
        value = dice.choice([0.0, 1.0, -0.0, 0.1, -1e-30, 3e38, float("inf"), float("-inf"), float("nan")])
        return struct.unpack("f", struct.pack("f", value))[0] if field.type == Field.TYPE_FLOAT else value
    if field.type == Field.TYPE_ENUM:
        return dice.choice([entry.number for entry in field.enum_type.values] + [99])
    low, high = RANGES[field.type]
    return dice.choice([low, high, 0, 1, 7])


def fill(dice: random.Random, message: Message, share: float) -> None:
    """Sets fields at random; of a oneof, the last one that is set holds."""
    for field in message.DESCRIPTOR.fields:
        if dice.random() > share:
            continue
        target = getattr(message, field.name)
        times = dice.choice([1, 1, 2, 3])
        if is_map(field):
            fill_map(dice, field, target, share, times)
        elif field.message_type is None:
            if field.is_repeated:
                target.extend(random_scalar(dice, field) for _ in range(times))
            else:
                setattr(message, field.name, random_scalar(dice, field))
        elif field.is_repeated:
            for _ in range(times):
                fill(dice, target.add(), share * 0.8)
        else:
            target.SetInParent()
            fill(dice, target, share * 0.8)


def fill_map(dice: random.Random, field: FieldDescriptor, target: Any, share: float, times: int) -> None:
    """Adds random entries to a map."""
    entry = field.message_type.fields_by_name
    for _ in range(times):
        key = random_scalar(dice, entry["key"])
        if entry["value"].message_type is None:
            target[key] = random_scalar(dice, entry["value"])
        else:
            fill(dice, target[key], share * 0.8)


def samples(count: int, seed: int) -> list[dict[str, object]]:
    """Random messages with their texts, in all the ways that Google's printer has."""
    dice = random.Random(seed)
    made: list[dict[str, object]] = []
    for _ in range(count):
        message = model_config_pb2.ModelConfig()
        fill(dice, message, dice.choice([0.2, 0.6, 1.0]))
        text = text_format.MessageToString(
            message,
            as_utf8=dice.random() < 0.5,
            as_one_line=dice.random() < 0.3,
            use_short_repeated_primitives=dice.random() < 0.5,
            pointy_brackets=dice.random() < 0.3,
            double_format=None,
        )
        made.append({"text": text, "message": plain(message)})
    return made


def read(text: str) -> dict[str, object]:
    """One text as Google's parser reads it."""
    message = model_config_pb2.ModelConfig()
    try:
        text_format.Parse(text, message)
    except (text_format.ParseError, ValueError) as error:
        return {"error": str(error)}
    return {"message": plain(message)}


def main() -> None:
    """Answers one request: starting Python costs more than reading many texts."""
    warnings.simplefilter("ignore")  # of escapes that Python will no longer know one day
    request = json.loads(sys.stdin.buffer.read())
    if "schema" in request:
        answer: object = schema(request["schema"])
    elif "samples" in request:
        answer = samples(request["samples"], request["seed"])
    else:
        answer = [read(text) for text in request["texts"]]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
