"""The shared store: implementations of ``newslake.pipeline.store`` on services, for workers without a common disk.

Only this package imports their drivers, of the extra ``shared``.
"""
