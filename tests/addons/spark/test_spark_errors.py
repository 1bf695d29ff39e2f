"""Messages of a backfill whose executors or master fail."""

import pytest

driver = pytest.importorskip("newslake.pipeline.spark.backfill")  # needs Spark

PYTHON = """An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "/opt/spark/worker.py", line 1, in <module>
    import pyarrow
ModuleNotFoundError: No module named 'pyarrow'

JVM stacktrace:
org.apache.spark.api.python.PythonException: Traceback (most recent call last):
\tat org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:1)
"""
JAVA = """An error occurred while calling None.org.apache.spark.sql.classic.SparkSession.
: java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.
\tat org.apache.spark.SparkContext.assertNotStopped(SparkContext.scala:1)
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (PYTHON, "ModuleNotFoundError: No module named 'pyarrow'"),
        (JAVA, "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext."),
        ("Job aborted.\nits stage 1 failed", "Job aborted."),
    ],
)
def test_message_names_the_last_error(text, cause):
    """The message has the error that a stack trace of Python or Java names, not the line that opens the trace."""
    assert driver._cause_of(RuntimeError(text)) == cause
