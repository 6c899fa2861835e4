"""Training: Stage I makes every path predict well, Stage II teaches the gate to choose."""
