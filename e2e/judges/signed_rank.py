"""Judge the gate's statistics by scipy's: reads a JSON list on stdin, writes one of p-values and estimates on stdout.

Each entry has ``values`` (differences of blocks), ``shifts`` (bounds that were found, and points beside them).
"""

import json
import sys

import numpy as np
from scipy import stats


def judge(entry: dict[str, list[float]]) -> dict[str, object]:
    """The exact one-sided p-values at every shift, and the median of the Walsh averages."""
    values = np.asarray(entry["values"])
    tests = [
        [float(stats.wilcoxon(values - shift, alternative=side, mode="exact").pvalue) for side in ("greater", "less")]
        for shift in entry["shifts"]
    ]
    first, second = np.triu_indices(len(values))
    centre = float(np.median((values[first] + values[second]) / 2))
    return {"tests": tests, "centre": centre}


if __name__ == "__main__":
    json.dump([judge(entry) for entry in json.load(sys.stdin)], sys.stdout)
