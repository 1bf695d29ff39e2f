"""The job file for spark-submit: `spark-submit $(newslake spark job-file) --from DAY --to DAY`."""

import sys
from runpy import run_module

if __name__ == "__main__":
    sys.argv[1:1] = ["spark", "backfill"]
    run_module("newslake", run_name="__main__")
