"""The page that people watch a camera on, served by the board itself."""

from dsnet_edge.camera.web.server import Site, serve

__all__ = ["Site", "serve"]
