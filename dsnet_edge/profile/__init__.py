"""Profiles: what every path of a bundle costs on a device, as values and as files. Imports nothing else of ours."""

from dsnet_edge.profile.file import ProfileError, read_profile, write_profile
from dsnet_edge.profile.values import Profile

__all__ = ["Profile", "ProfileError", "read_profile", "write_profile"]
