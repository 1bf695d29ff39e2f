"""The imports of the fork server before it forks: the model and all modules of a worker, loaded once."""

import tests.faults.archive_worker
import tests.faults.lake.newsdesk  # noqa: F401
from tests.faults.resume_worker import warm_up

warm_up()
