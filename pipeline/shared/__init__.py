"""The shared store: implementations of ``newslake.pipeline.store`` on services, for workers without a common disk.

Only this package imports their drivers, of the extra ``shared``.
"""

import os
from threading import RLock

# A fork waits until no thread loads the classes of this package: a child could never load what is half loaded.
LOADING = RLock()
os.register_at_fork(before=LOADING.acquire, after_in_parent=LOADING.release, after_in_child=LOADING.release)
