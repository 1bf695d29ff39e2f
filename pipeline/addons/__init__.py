"""Add-ons: features that plug into the core. One folder per feature."""
