import csv
import io

from shared.export.event_table import COLUMNS, event_csv
from tests.shared.export.recordings import demo


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_it_begins_with_a_byte_order_mark_so_that_korean_opens_right() -> None:
    assert event_csv(demo()[0]["events"]).startswith(b"\xef\xbb\xbf" + COLUMNS[0].encode())


def test_a_row_for_every_event_in_order_of_time() -> None:
    events = demo()[0]["events"]
    found = table(event_csv(events))
    assert len(found) == sum(map(len, events.values()))
    assert [float(row["start_s"]) for row in found] == sorted(float(row["start_s"]) for row in found)


def test_rejected_events_stay_and_are_marked() -> None:
    events = demo()[0]["events"]
    events["blinks"][0] |= {"status": "rejected", "reason": "말하는 중"}
    rejected = [row for row in table(event_csv(events)) if row["status"] == "rejected"]
    assert [row["reason"] for row in rejected] == ["말하는 중"]


def test_text_that_a_spreadsheet_would_compute_is_quoted() -> None:
    events = demo()[0]["events"]
    events["blinks"][0] |= {"status": "rejected", "reason": "=1+1"}
    assert any(row["reason"] == "'=1+1" for row in table(event_csv(events)))


def test_amplitudes_below_zero_stay_numbers() -> None:
    events = demo()[0]["events"]
    events["saccades"][0]["amplitude_deg"] = -1.5
    assert any(row["amplitude_deg"] == "-1.5" for row in table(event_csv(events)))
