"""Running a bundle: one Runner over every backend."""

from dsnet_edge.runtime.bundle import Bundle, open_bundle
from dsnet_edge.runtime.preprocess import preprocess
from dsnet_edge.runtime.runner import BACKENDS, Prediction, Runner, Timing

__all__ = ["BACKENDS", "Bundle", "Prediction", "Runner", "Timing", "open_bundle", "preprocess"]
