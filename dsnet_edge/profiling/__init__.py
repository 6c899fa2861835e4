"""Measuring: what every path costs on the machine at hand."""
