"""What a device says, made fit for a message of ours: one line, no control characters, short."""

from __future__ import annotations

LONGEST = 200  # characters


def last_line(text: str) -> str:
    """The last line that is not blank, without escape sequences' control characters; empty where there is none."""
    lines = ["".join(char if char.isprintable() else " " for char in line).strip() for line in text.splitlines()]
    line = next((line for line in reversed(lines) if line), "")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
