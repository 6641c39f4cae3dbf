"""wan-tiny: a genuine Wan text-to-video pipeline at toy size, trained on procedural clips."""
