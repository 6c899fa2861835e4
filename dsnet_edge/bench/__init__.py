"""Measuring a bundle: against other runtimes, and against the best its own kernels could do (docs/benchmark.md)."""
