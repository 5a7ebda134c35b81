"""Configuration is read once, checked, and never shows its secrets."""

from pathlib import Path

import pytest

from shared.adapters.settings import DEFAULT_REGION, MIB, Settings, read_settings
from shared.errors import InvalidRequestError

REPOSITORY = Path(__file__).resolve().parents[3]


def test_nothing_set_means_a_local_folder_beside_the_program(tmp_path: Path) -> None:
    settings = read_settings({"HOME": str(tmp_path)})
    assert settings.data_folder == REPOSITORY / "data"
    assert settings.aws_region == DEFAULT_REGION == "us-west-1"
    assert settings.has_cloud_store is False
    assert settings.api_url is None


def test_every_value_can_be_set(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "EYE_REVIEW_DATA": str(tmp_path / "films"),
            "EYE_REVIEW_MAX_VIDEO_MB": " 64 ",
            "API_URL": "https://example.org/dev",
            "API_KEY": "s3cret",
            "S3_BUCKET": "bucket",
            "DYNAMODB_TABLE": "table",
            "AWS_REGION": "ap-northeast-2",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        }
    )
    assert settings == Settings(
        data_folder=tmp_path / "films",
        max_video_bytes=64 * MIB,
        api_url="https://example.org/dev",
        api_key="s3cret",
        s3_bucket="bucket",
        dynamodb_table="table",
        aws_region="ap-northeast-2",
        aws_endpoint_url="http://127.0.0.1:4566",
    )
    assert settings.has_cloud_store is True


def test_the_key_is_never_shown() -> None:
    settings = read_settings({"API_KEY": "s3cret"})
    assert settings.api_key == "s3cret"
    assert "s3cret" not in f"{settings!r} {settings}"


def test_an_empty_variable_counts_as_absent() -> None:
    assert read_settings({"API_URL": "", "EYE_REVIEW_MAX_VIDEO_MB": "  "}) == read_settings({"PATH": "/bin"})


def test_a_relative_folder_is_made_absolute() -> None:
    assert read_settings({"EYE_REVIEW_DATA": "films"}).data_folder == Path.cwd() / "films"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EYE_REVIEW_MAX_VIDEO_MB", "0"),
        ("EYE_REVIEW_MAX_VIDEO_MB", "-1"),
        ("EYE_REVIEW_MAX_VIDEO_MB", "2 GB"),
        ("EYE_REVIEW_MAX_VIDEO_MB", "9999999999"),
        ("API_URL", "example.org"),
        ("API_URL", "file:///etc/passwd"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_REGION", "moon"),
    ],
)
def test_a_malformed_variable_is_named_without_its_value(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_settings({name: value})
    assert name in caught.value.user_message


@pytest.mark.parametrize("given", ["S3_BUCKET", "DYNAMODB_TABLE"])
def test_half_a_cloud_store_is_refused(given: str) -> None:
    with pytest.raises(InvalidRequestError, match="belong together"):
        read_settings({given: "name"})
