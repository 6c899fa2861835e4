"""Devices to measure on: this one, one behind ssh, one behind adb. What they say is data, never code and never a file name."""
