import io
import zipfile

from shared.export.archive import archive


def test_what_went_in_comes_out() -> None:
    files = {"b/two.txt": "둘".encode(), "one.txt": b"1"}
    with zipfile.ZipFile(io.BytesIO(archive(files))) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == files


def test_the_same_files_give_the_same_bytes() -> None:
    assert archive({"a": b"1", "b": b"2"}) == archive({"b": b"2", "a": b"1"})
