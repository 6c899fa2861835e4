"""dsnet-edge: dynamic slimmable networks, from training to ARM CPUs."""

from importlib.metadata import version

from dsnet_edge.errors import DsnetError

__all__ = ["DsnetError", "__version__"]
__version__ = version("dsnet-edge")
