"""Profiles and sweeps: what every path of a bundle costs on a device and gets right, as values and as files. Imports nothing
else of ours.
"""

from dsnet_edge.profile.file import ProfileError, read_profile, write_profile
from dsnet_edge.profile.sweep import Sweep, SweepError, read_sweep, write_sweep
from dsnet_edge.profile.values import Profile

__all__ = [
    "Profile",
    "ProfileError",
    "Sweep",
    "SweepError",
    "read_profile",
    "read_sweep",
    "write_profile",
    "write_sweep",
]
