"""What the fork server loads before it forks: the model and all that a worker imports, once."""

import tests.faults.archive_worker
import tests.faults.lake.newsdesk  # noqa: F401
from tests.faults.resume_worker import warm_up

warm_up()
