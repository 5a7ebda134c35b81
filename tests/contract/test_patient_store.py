"""What every PatientStore promises."""

import pytest

from shared.errors import ConflictError, InvalidRequestError, NotFoundError
from shared.ports import Patient, Store


def codes(store: Store, text: str = "", **options: int) -> list[str]:
    return [patient.user_id for patient in store.patients.search(text, **options)]


def test_a_patient_is_read_back_as_it_was(store: Store) -> None:
    patient = Patient("P-017", "left-handed, 두 번째 방문", 1234.5)
    store.patients.add(patient)
    assert store.patients.get("P-017") == patient


def test_a_code_can_be_used_once_only(store: Store) -> None:
    store.patients.add(Patient("P-1", "first", 1.0))
    with pytest.raises(ConflictError):
        store.patients.add(Patient("P-1", "second", 2.0))
    assert store.patients.get("P-1").note == "first"


@pytest.mark.parametrize("user_id", ["", "..", "a/b", "Kim Minsu", "x" * 65, "환자", "P-1\n", "'; DROP TABLE patient"])
def test_a_malformed_code_is_refused(store: Store, user_id: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        store.patients.add(Patient(user_id, "", 1.0))
    assert caught.value.field == "user_id"
    assert not user_id or user_id not in caught.value.user_message


@pytest.mark.parametrize("user_id", ["P", "a-b_c", "0" * 64])
def test_letters_digits_hyphens_and_underscores_are_taken(store: Store, user_id: str) -> None:
    store.patients.add(Patient(user_id, "", 1.0))
    assert codes(store) == [user_id]


def test_an_unknown_patient_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.patients.get("P-1")


def test_search_looks_in_code_and_note_in_any_case_newest_first(store: Store) -> None:
    store.patients.add(Patient("P-1", "Étude A", 1.0))
    store.patients.add(Patient("P-2", "étude b", 3.0))
    store.patients.add(Patient("X-3", "100 % p-1", 2.0))
    assert codes(store) == ["P-2", "X-3", "P-1"]
    assert codes(store, "p-1") == ["X-3", "P-1"]
    assert codes(store, "ÉTUDE") == ["P-2", "P-1"]
    assert codes(store, "%") == ["X-3"]
    assert codes(store, "_") == []
    assert codes(store, "  x-3 ") == ["X-3"]
    assert codes(store, limit=1) == ["P-2"]
