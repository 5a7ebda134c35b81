"""Whatever is uploaded ends in a clear sentence with a code, or in *inconclusive* with its reason."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from shared.documents import document, dumps
from shared.errors import EyeReviewError
from shared.model import PspStatus, Task
from shared.parameters import Parameters
from shared.pipeline import analyze_video
from shared.synthetic.portrait import Image
from shared.synthetic.video_writer import write_video
from shared.video import read_frames
from tests.shared.conftest import PuppetFilm

RATE_HZ = 30.0
GREY = np.full((64, 96, 3), 127, np.uint8)


def written(path: Path, frames: list[Image], rate_hz: float = RATE_HZ) -> Path:
    return write_video(path, frames, np.arange(len(frames)) / rate_hz)


def sound_alone(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44100, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def cut_off(path: Path) -> None:
    """The index of an MP4 that was written for streaming comes first; nothing of the pictures follows it."""
    written(path, [GREY] * 30)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])


def two_hours(path: Path) -> None:
    write_video(path, [GREY] * 12, np.arange(12) * 660.0)


def eight_k(path: Path) -> None:
    wide = np.full((4320, 7680, 3), 127, np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 7680, 4320, "yuvj420p"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(wide, format="bgr24")))
        container.mux(stream.encode())


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "not a video": (lambda path: path.write_text("Dear colleague,\n" * 50), "NOT_A_VIDEO"),
    "a picture": (lambda path: path.write_bytes(cv2.imencode(".jpg", GREY)[1].tobytes()), "NOT_A_VIDEO"),
    "sound alone": (sound_alone, "NOT_A_VIDEO"),
    "zero bytes": (Path.touch, "EMPTY_FILE"),
    "cut off": (cut_off, "UNREADABLE_VIDEO"),
    "one frame": (lambda path: written(path, [GREY]), "TOO_SHORT"),
    "two hours": (two_hours, "TOO_LARGE"),
    "8K": (eight_k, "TOO_LARGE"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_cannot_be_measured_is_refused_with_code_and_advice(tmp_path: Path, kind: str) -> None:
    make, code = REFUSED[kind]
    path = tmp_path / ("patient.avi" if kind == "8K" else "patient.mp4")
    make(path)
    before = path.read_bytes()
    with pytest.raises(EyeReviewError) as refusal:
        analyze_video(path)
    assert refusal.value.code == code
    message = refusal.value.user_message
    assert message.endswith(".")
    assert message.count(".") >= 2, "one sentence for what is wrong, one for what to do"
    assert not {"patient", str(tmp_path), "Traceback"} & set(message.replace(".", " ").split())
    assert path.read_bytes() == before


def upside_down(frames: Iterator[Image]) -> list[Image]:
    return [frame[::-1, ::-1] for frame in frames]


def one_eye(frames: Iterator[Image]) -> list[Image]:
    """A patch of skin colour over the eye on the right of the picture."""
    covered = []
    for frame in frames:
        height, width = frame.shape[:2]
        patched = frame.copy()
        centre = (int(width * 0.64), int(height * 0.42))
        cv2.ellipse(patched, centre, (width // 9, height // 13), 0, 0, 360, (150, 175, 215), -1)
        covered.append(patched)
    return covered


def no_face(frames: Iterator[Image]) -> list[Image]:
    return [cv2.blur(frame[: frame.shape[0] // 4], (25, 25)).repeat(4, axis=0) for frame in frames]


UNUSABLE: dict[str, tuple[Callable[[Iterator[Image]], list[Image]], float, str]] = {
    "12 frames per second": (list, 12.0, "FRAME_RATE_TOO_LOW"),
    "no face": (no_face, RATE_HZ, "NO_FACE"),
    "one eye": (one_eye, RATE_HZ, "ONE_EYE_ONLY"),
    "upside down": (upside_down, RATE_HZ, "UPSIDE_DOWN"),
    "three seconds": (list, RATE_HZ, "TASK_TOO_SHORT"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_film_that_cannot_be_judged_is_inconclusive_with_its_reason(
    tmp_path: Path, puppet_film: PuppetFilm, kind: str
) -> None:
    change, rate_hz, code = UNUSABLE[kind]
    frames = change(frame.image_bgr for frame in read_frames(puppet_film.path))
    path = written(tmp_path / "film.mp4", [np.ascontiguousarray(frame) for frame in frames], rate_hz)
    result = analyze_video(path, Parameters(task=Task.VERTICAL_HORIZONTAL)).result
    assert result.psp_status is PspStatus.INCONCLUSIVE
    assert code in [reason.code for reason in result.reasons]
    assert "NaN" not in dumps(document(result, file_name="film.mp4", sha256="0" * 64))


def test_of_two_people_the_larger_central_face_is_followed_and_the_result_says_so(
    tmp_path: Path, puppet_film: PuppetFilm
) -> None:
    alone = analyze_video(puppet_film.path)

    def beside_someone_smaller(image: Image) -> Image:
        height, width = image.shape[:2]
        small = cv2.resize(image, (width // 2, height // 2))
        canvas = np.full((height, width + width // 2, 3), 190, np.uint8)
        canvas[:, :width] = image
        canvas[height // 4 : height // 4 + small.shape[0], width:] = small[:, : canvas.shape[1] - width]
        return canvas

    frames = list(read_frames(puppet_film.path))
    path = write_video(
        tmp_path / "two.mp4",
        [beside_someone_smaller(frame.image_bgr) for frame in frames],
        np.array([frame.time_s for frame in frames]),
    )
    together = analyze_video(path)
    several = next(check for check in together.result.quality if check.code == "SEVERAL_FACES")
    assert several.status == "warning"
    assert np.nanmedian(np.abs(together.trace.left.iris_x_px - alone.trace.left.iris_x_px)) < 2.0
