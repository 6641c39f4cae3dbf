"""Judge distances of clips by scikit-image's: reads a JSON list of pairs of raw clips on stdin, writes one on stdout.

Each entry has ``shape`` (frames, height, width, 3) and the files ``a`` and ``b``.
"""

import json
import sys

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

LUMA = np.array([0.299, 0.587, 0.114])


def judge(entry: dict[str, object]) -> dict[str, float]:
    """PSNR over all values, and the mean SSIM of the luma of the frames."""
    a, b = (np.fromfile(str(entry[side]), dtype=np.uint8).reshape(entry["shape"]) for side in ("a", "b"))
    pairs = zip(a @ LUMA, b @ LUMA, strict=True)
    ssim = [structural_similarity(x, y, win_size=7, data_range=255) for x, y in pairs]
    return {"psnr": float(peak_signal_noise_ratio(a, b, data_range=255)), "ssim": float(np.mean(ssim))}


if __name__ == "__main__":
    json.dump([judge(entry) for entry in json.load(sys.stdin)], sys.stdout)
