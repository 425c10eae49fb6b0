"""The shortener of the resolver's tests serves here too."""

from resolver.conftest import bench

__all__ = ["bench"]
