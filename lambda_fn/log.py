"""Logs as JSON lines and metrics in CloudWatch's embedded format; neither ever names a patient, a key or a film."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

SERVICE: Final = "eye-tracking"
logger = Logger(service=SERVICE)
metrics = Metrics(namespace="EyeTracking", service=SERVICE)


def count(name: str, value: float = 1, *, unit: str = "Count") -> None:
    """Add to a metric of this call."""
    metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)
