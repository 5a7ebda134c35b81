"""What every section gets: where the material is, where to write, and traces measured once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.model import Trace
from shared.parameters import Parameters
from shared.tracking.tracker import track

MATERIAL = Path(__file__).resolve().parents[2].parent / "shared" / "material"


@dataclass
class Context:
    """One run of the accuracy command.

    Attributes:
        material: the folder of real clips, or None where it is absent.
        scratch: an empty folder that is deleted after the run.
    """

    material: Path | None
    scratch: Path
    _traces: dict[Path, Trace] = field(default_factory=dict)

    def clips(self) -> list[dict[str, Any]]:
        """The annotated clips: ``file``, ``blinks``, ``blink_details``, ``other`` and more, frames 0-based."""
        assert self.material is not None, "asked for clips without the folder of real clips"
        annotations = json.loads((self.material / "annotations.json").read_text(encoding="utf-8"))
        return [clip for clip in annotations["clips"] if clip["annotated"]]

    def landmark_trace(self, path: Path) -> Trace:
        """Trace of a film by the landmark instrument and the lids, measured once a run."""
        if path not in self._traces:
            self._traces[path] = track(path, Parameters())
        return self._traces[path]
