"""Measuring: what every path costs on a device."""
