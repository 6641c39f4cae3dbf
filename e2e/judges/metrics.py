"""Reads metrics as a Prometheus server would, with its Python client: the samples go to stdout as JSON."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families


def main() -> None:
    """Read the text from stdin in the format named."""
    parse = open_families if sys.argv[1] == "openmetrics" else prometheus_families
    families = [
        {
            "name": family.name,
            "type": family.type,
            "help": family.documentation,
            "samples": [
                {"name": sample.name, "labels": sample.labels, "value": float(sample.value)}
                for sample in family.samples
            ],
        }
        for family in parse(sys.stdin.read())
    ]
    json.dump(families, sys.stdout)


if __name__ == "__main__":
    main()
