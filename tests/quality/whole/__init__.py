"""The measure on whole news articles that careful coders read: `python -m tests.quality --corpus FOLDER`."""
