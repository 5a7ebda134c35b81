"""The one table: reading, guarded writing, paging. Query and single items only; nothing here scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from shared.adapters.aws_clients import cloud_errors, error_code
from shared.adapters.aws_values import from_item, to_item
from shared.errors import ConflictError, NotFoundError

USER_INDEX: Final = "userId-timestamp-index"
OPEN_INDEX: Final = "openState-createdAt-index"


class Table:
    """The table ``parkinson-analysis``, keys ``analysisId`` and ``testType``."""

    def __init__(self, client: Any, name: str) -> None:
        """Point at a table; nothing is sent."""
        self._client = client
        self._name = name

    def get(self, analysis_id: str, test_type: str) -> dict[str, Any]:
        """One row as it is now. Raises NotFoundError."""
        with cloud_errors():
            answer = self._client.get_item(TableName=self._name, Key=_key(analysis_id, test_type), ConsistentRead=True)
        if "Item" not in answer:
            raise NotFoundError()
        return from_item(answer["Item"])

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a new row; attributes that are None are left out. Raises ConflictError where it exists."""
        item = to_item({name: value for name, value in row.items() if value is not None})
        with cloud_errors(), _conflicts():
            self._client.put_item(
                TableName=self._name, Item=item, ConditionExpression="attribute_not_exists(analysisId)"
            )

    def change(self, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set attributes of a row that must still be as it was read; those that are None are removed.

        Attributes that are not named stay, so what other programs keep in the row is kept.

        Args:
            before: the row as read.
            values: what to set.

        Raises:
            ConflictError: the row was changed or removed meanwhile.
        """
        revision = before.get("revision", 0)
        present = {name: value for name, value in values.items() if value is not None} | {"revision": revision + 1}
        absent = [name for name in values if name not in present and name in before]
        names = {f"#{position}": name for position, name in enumerate([*present, *absent])}
        marks = {name: mark for mark, name in names.items()}
        expression = "SET " + ", ".join(f"{marks[name]} = :{marks[name][1:]}" for name in present)
        if absent:
            expression += " REMOVE " + ", ".join(marks[name] for name in absent)
        unchanged = "revision = :before" if "revision" in before else "attribute_not_exists(revision)"
        bound = {f":{marks[name][1:]}": value for name, value in to_item(present).items()}
        if "revision" in before:
            bound |= to_item({":before": revision})
        with cloud_errors(), _conflicts():
            self._client.update_item(
                TableName=self._name,
                Key=_key(before["analysisId"], before["testType"]),
                UpdateExpression=expression,
                ConditionExpression=f"attribute_exists(analysisId) AND {unchanged}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=bound,
            )

    def remove(self, analysis_id: str, test_type: str) -> None:
        """Remove a row; no error where it is gone already."""
        with cloud_errors():
            self._client.delete_item(TableName=self._name, Key=_key(analysis_id, test_type))

    def of_user(self, user_id: str, *, before: float | None = None) -> Iterator[dict[str, Any]]:
        """Rows of one user, newest ``timestamp`` first, page by page."""
        condition = "userId = :user" + (" AND #timestamp < :before" if before is not None else "")
        values: dict[str, Any] = {":user": user_id} | ({":before": before} if before is not None else {})
        yield from self._pages(
            IndexName=USER_INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item(values),
            ScanIndexForward=False,
            **({"ExpressionAttributeNames": {"#timestamp": "timestamp"}} if before is not None else {}),
        )

    def of_analysis(self, analysis_id: str, test_type_prefix: str) -> Iterator[dict[str, Any]]:
        """Rows of one analysis whose ``testType`` begins so, in order of ``testType``, as they are now."""
        yield from self._pages(
            KeyConditionExpression="analysisId = :id AND begins_with(testType, :prefix)",
            ExpressionAttributeValues=to_item({":id": analysis_id, ":prefix": test_type_prefix}),
            ConsistentRead=True,
        )

    def open_ids(self, open_state: str) -> Iterator[str]:
        """Analyses in one open state, oldest first; a moment behind, so look at each before acting on it."""
        for row in self._pages(
            IndexName=OPEN_INDEX,
            KeyConditionExpression="openState = :state",
            ExpressionAttributeValues=to_item({":state": open_state}),
        ):
            yield row["analysisId"]

    def _pages(self, **query: Any) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with cloud_errors():
                page = self._client.query(TableName=self._name, **query, **start)
            for item in page["Items"]:
                yield from_item(item)
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _key(analysis_id: str, test_type: str) -> dict[str, Any]:
    return to_item({"analysisId": analysis_id, "testType": test_type})


class _conflicts:  # noqa: N801 - used as a statement, like contextlib.suppress
    """Turns a failed condition into :class:`ConflictError`."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Raise ConflictError in place of the failed condition."""
        if isinstance(error, ClientError) and error_code(error) == "ConditionalCheckFailedException":
            raise ConflictError() from error
