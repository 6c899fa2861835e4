"""dsnet-edge: dynamic slimmable networks, from training to ARM CPUs."""

__version__ = "0.1.0"
