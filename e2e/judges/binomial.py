"""Bounds of shares by scipy: reads a JSON list of ``[count, n, risk]`` on stdin, answers one of ``[low, high]``."""

import json
import sys

from scipy import stats


def bounds(count: int, n: int, risk: float) -> tuple[float, float]:
    """The exact bounds of Clopper and Pearson, each with the risk on its own side."""
    interval = stats.binomtest(count, n).proportion_ci(confidence_level=1 - 2 * risk, method="exact")
    return float(interval.low), float(interval.high)


if __name__ == "__main__":
    json.dump([bounds(*entry) for entry in json.load(sys.stdin)], sys.stdout)
