"""The images that int8 ranges are measured on, and the plan in the precision that was asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.calibration_photos import CalibrationPhotos
from dsnet_convert.random_weights import noise_images
from dsnet_convert.source import sha256
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import InputSpec, Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.correct import correct_bias
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.estimate import Estimator
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.quantize import quantize


@dataclass(frozen=True)
class Calibration:
    images: np.ndarray  # float32 [n, h, w, 3], normalised
    description: dict[str, Any]  # `calibration` of the manifest
    estimator: Estimator | None = "variance"  # None: static graphs have the ranges that their tools choose
    warnings: tuple[str, ...] = ()  # what a user should know of these images, a line each

    @staticmethod
    def from_folder(folder: FilePath, spec: InputSpec, samples: int, estimator: Estimator = "variance") -> Calibration:
        """Up to `samples` photos of a folder and its sub-folders. The fingerprint is that of the files' own SHA-256, in order.

        Raises DsnetError for too few, and for what is no photo (`CalibrationPhotos`).
        """
        photos = CalibrationPhotos.read(folder, spec, samples)
        digest = hashlib.sha256("".join(sha256(file) for file in photos.files).encode()).hexdigest()
        about = {"images": len(photos.files), "sha256": digest, "ranges": estimator}
        return Calibration(photos.images, about, estimator, photos.warnings)

    @staticmethod
    def synthetic(spec: InputSpec, samples: int, seed: int, estimator: Estimator = "variance") -> Calibration:
        """Seeded noise, for plans with random weights: good for timing, not for accuracy."""
        images = noise_images(np.random.default_rng(seed), samples, spec.height).astype(np.float32)
        about = {"images": samples, "synthetic_seed": seed, "use": "speed only", "ranges": estimator}
        return Calibration(images, about, estimator)


def in_precision(plan: Plan, precision: Precision, calibration: Calibration | None) -> Plan:
    """The fp32 plan in another precision. Raises DsnetError where int8 has nothing to learn its ranges from."""
    if precision == "fp32":
        return plan
    if precision != "int8":
        return to_half(plan, precision)
    if calibration is None:
        raise DsnetError("--precision int8 needs --calibrate DIR: a folder of typical photos, to learn the ranges of activations")
    ranges = calibrate(plan, calibration.images, calibration.estimator or "variance")
    return quantize(correct_bias(plan, ranges, calibration.images), ranges)
