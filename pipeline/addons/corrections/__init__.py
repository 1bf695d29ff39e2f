"""The add-on corrections: imports of your knowledge base, and previews of your corrections."""
