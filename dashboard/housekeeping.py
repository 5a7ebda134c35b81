"""Takes away what nobody finished: uploads without an end, visits to the screening station without a farewell."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from dashboard.station import visit
from dashboard.uploading import uploads

_INTERVAL_S: Final = 60.0


def keep_house(data_folder: Path, stop: threading.Event) -> None:
    """Remove what dead servers left, then every minute what has expired here, until ``stop``."""
    uploads.sweep_abandoned(data_folder / uploads.FOLDER_NAME)
    visit.sweep_visits(data_folder / visit.FOLDER_NAME)
    while not stop.wait(_INTERVAL_S):
        uploads.UPLOADS.sweep()
        visit.VISITS.sweep()
