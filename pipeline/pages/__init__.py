"""What people look at: pages made on the server, of values, without a script and without a request to anywhere."""

from pipeline.pages.rendering import page, policy

__all__ = ["page", "policy"]
