"""The face mesh on a public-domain portrait: one person followed, any way up, no noise on the terminal."""

import subprocess
import sys
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from shared.synthetic.portrait import load_portrait
from shared.tracking.face import NOT_LOOKED_FOR, FaceLandmarks, MediaPipeFaceMesh
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, corner_offsets

WIDTH, HEIGHT = 960, 540
Image = np.ndarray


@pytest.fixture
def mesh() -> Iterator[MediaPipeFaceMesh]:
    landmarker = MediaPipeFaceMesh()
    yield landmarker
    landmarker.close()


def portrait(height: int) -> Image:
    image = load_portrait(iris_diameter_px=28.0).image_bgr
    return cv2.resize(image, None, fx=height / image.shape[0], fy=height / image.shape[0], interpolation=cv2.INTER_AREA)


def scene(*people: tuple[int, int]) -> Image:
    """A grey room with a portrait of the given height at each (centre x, height)."""
    room = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    for centre_x, height in people:
        person = portrait(height)
        left, top = centre_x - person.shape[1] // 2, HEIGHT - height
        room[top : top + person.shape[0], left : left + person.shape[1]] = person
    return room


def film_of(mesh: MediaPipeFaceMesh, image: Image, frames: int = 1, start_s: float = 0.0) -> list[FaceLandmarks | None]:
    return [mesh.detect(image, start_s + i / 30) for i in range(frames)]


def found(face: FaceLandmarks | None) -> FaceLandmarks:
    assert face is not None
    return face


def middle_x(face: FaceLandmarks) -> float:
    return float(face.points_px[:, 0].mean())


def test_irises_lie_between_their_own_corners(mesh: MediaPipeFaceMesh) -> None:
    points = found(mesh.detect(scene((480, 540)), 0.0)).points_px[None]
    for eye in (RIGHT_EYE, LEFT_EYE):
        h, v = corner_offsets(points, eye)
        assert abs(h[0]) < 0.25
        assert abs(v[0]) < 0.25
    assert points[0, RIGHT_EYE.iris_centre, 0] < points[0, LEFT_EYE.iris_centre, 0]


def test_a_small_face_in_a_large_picture_is_measured_as_well_as_a_cut_out_one() -> None:
    person = portrait(540)
    alone, in_room = MediaPipeFaceMesh(), MediaPipeFaceMesh()
    large = np.full((2160, 3840, 3), 110, np.uint8)
    large[800 : 800 + person.shape[0], 2000 : 2000 + person.shape[1]] = person
    near = found(film_of(alone, person, 3)[-1]).points_px
    far = found(film_of(in_room, large, 3)[-1]).points_px - [2000, 800, 0]
    alone.close()
    in_room.close()
    assert np.abs(near - far)[:, :2].max() < 6
    assert np.abs(near - far)[[33, 133, 362, 263, 468, 473], :2].max() < 2.5


def test_a_face_that_fills_its_picture_is_measured_as_in_a_larger_one() -> None:
    person = portrait(1066)
    alone, framed = MediaPipeFaceMesh(), MediaPipeFaceMesh()
    larger = cv2.copyMakeBorder(person, 400, 400, 400, 400, cv2.BORDER_CONSTANT)
    narrow = found(film_of(alone, person, 3)[-1]).points_px
    wide = found(film_of(framed, larger, 3)[-1]).points_px - [400, 400, 0]
    alone.close()
    framed.close()
    assert np.abs(narrow - wide)[[33, 133, 362, 263, 468, 473], :2].max() < 2.5


def test_faces_are_counted_now_and_then(mesh: MediaPipeFaceMesh) -> None:
    counts = [found(face).face_count for face in film_of(mesh, scene((480, 540)), 32)]
    assert counts[0] == counts[15] == counts[30] == 1
    assert set(np.delete(counts, [0, 15, 30])) == {NOT_LOOKED_FOR}


def test_of_several_faces_the_larger_one_is_followed_and_all_are_counted(mesh: MediaPipeFaceMesh) -> None:
    faces = [found(face) for face in film_of(mesh, scene((250, 520), (760, 300)), 20)]
    assert faces[0].face_count == faces[15].face_count == 2
    assert all(abs(middle_x(face) - 250) < 60 for face in faces)


def test_of_equal_faces_the_central_one_is_followed(mesh: MediaPipeFaceMesh) -> None:
    assert abs(middle_x(found(mesh.detect(scene((180, 330), (520, 330)), 0.0))) - 520) < 60


def test_the_followed_person_stays_when_a_larger_one_comes_in(mesh: MediaPipeFaceMesh) -> None:
    film_of(mesh, scene((250, 340)), 10)
    faces = film_of(mesh, scene((250, 340), (720, 540)), 40, start_s=10 / 30)
    assert all(abs(middle_x(found(face)) - 250) < 60 for face in faces)
    assert max(found(face).face_count for face in faces) == 2


def test_someone_elsewhere_is_not_taken_for_the_person_who_left(mesh: MediaPipeFaceMesh) -> None:
    film_of(mesh, scene((200, 340)), 10)
    assert film_of(mesh, scene((780, 340)), 25, start_s=10 / 30) == [None] * 25


def test_a_person_who_moves_away_slowly_is_followed(mesh: MediaPipeFaceMesh) -> None:
    faces = [mesh.detect(scene((250 + 6 * i, 400)), i / 30) for i in range(60)]
    assert all(abs(middle_x(found(face)) - (250 + 6 * i)) < 45 for i, face in enumerate(faces))


def test_a_person_is_found_again_after_a_while_elsewhere(mesh: MediaPipeFaceMesh) -> None:
    film_of(mesh, scene((200, 340)), 5)
    film_of(mesh, scene(), 40, start_s=5 / 30)
    assert abs(middle_x(found(mesh.detect(scene((700, 340)), 2.0))) - 700) < 60


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turned_film_is_measured_as_the_upright_one_and_reported_turned(quarter_turns: int) -> None:
    upright, turned = MediaPipeFaceMesh(), MediaPipeFaceMesh()
    image = scene((480, 540))
    expected = found(film_of(upright, image, 3)[-1]).points_px
    points = found(film_of(turned, np.ascontiguousarray(np.rot90(image, quarter_turns)), 3)[-1]).points_px
    upright.close()
    turned.close()
    for eye in (RIGHT_EYE, LEFT_EYE):
        for before, after in zip(corner_offsets(expected[None], eye), corner_offsets(points[None], eye), strict=True):
            assert after[0] == pytest.approx(before[0], abs=0.03)
    along = points[LEFT_EYE.toward_left] - points[RIGHT_EYE.toward_right]
    roll_deg = np.degrees(np.arctan2(along[1], along[0]))
    assert np.cos(np.radians(roll_deg + 90 * quarter_turns)) > 0.98


@pytest.mark.parametrize("value", [0, 110, 255])
def test_an_empty_picture_holds_no_face(mesh: MediaPipeFaceMesh, value: int) -> None:
    assert film_of(mesh, np.full((HEIGHT, WIDTH, 3), value, np.uint8), 3) == [None] * 3


def test_what_came_before_the_face_leaves_no_trace() -> None:
    """Equal footage gives equal landmarks whether or not empty frames come first."""
    image = scene((480, 540))
    at_once, later = MediaPipeFaceMesh(), MediaPipeFaceMesh()
    film_of(later, scene(), 12)
    first = film_of(at_once, image, 6)
    second = film_of(later, image, 6, start_s=12 / 30)
    at_once.close()
    later.close()
    for one, other in zip(first, second, strict=True):
        assert np.allclose(found(one).points_px, found(other).points_px, atol=1e-3)


def test_nothing_is_written_to_the_terminal() -> None:
    program = (
        "from shared.synthetic.portrait import astronaut\n"
        "from shared.tracking.face import MediaPipeFaceMesh\n"
        "mesh = MediaPipeFaceMesh()\n"
        "image = astronaut()\n"
        "assert mesh.detect(image, 0.0) is not None\n"
        "assert mesh.detect(image, 0.1) is not None\n"
        "mesh.close()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_frames_prepared_ahead_are_measured_the_same_also_where_the_crop_moves_or_the_face_goes() -> None:
    walk = [scene((centre_x, 420)) for centre_x in (300, 310, 420, 430, 560)]
    frames = [*walk, scene(), scene(), *walk]
    alone, ahead = MediaPipeFaceMesh(), MediaPipeFaceMesh()
    one_by_one = [alone.detect(image, i / 30) for i, image in enumerate(frames)]
    prepared = []
    for i, image in enumerate(frames):
        answer = ahead.begin(image, i / 30)
        if i + 1 < len(frames):
            ahead.prepare(frames[i + 1])
        prepared.append(answer())
    alone.close()
    ahead.close()
    assert any(face is None for face in prepared)
    for one, other in zip(one_by_one, prepared, strict=True):
        assert (one is None) == (other is None)
        assert one is None or other is None or (one.points_px == other.points_px).all()
