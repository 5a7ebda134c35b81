"""One picture of a face in, where its eyes stand out.

A picture shows a position, not a movement: it is never judged, and its result says so. Distances are in units of the
picture's own lid gap, because there is no recording to take the open lid gap from.
"""

from __future__ import annotations

import io
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from shared.errors import EmptyFileError, TooLargeError, UnreadableVideoError
from shared.model import BoolArray, FloatArray
from shared.tracking.face import MediaPipeFaceMesh
from shared.tracking.landmark import LEFT_EYE, RIGHT_EYE, EyePoints, measure_eye
from shared.version import ANALYSIS_VERSION

MAX_PIXELS: Final = 50_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
_DECIMALS: Final = 6
_ONE_POSITION: Final = {
    "code": "SINGLE_IMAGE",
    "message": "One picture shows a position, not a movement, so it is not judged. Film the eyes looking up and down.",
}
_NO_FACE: Final = {"code": "NO_FACE", "message": "No face was found in the picture. The face should fill most of it."}


class NotAnImageError(UnreadableVideoError):
    """Not a picture in a known format."""

    code = "NOT_AN_IMAGE"
    default_message = "This is not a picture that can be read. Send a JPEG, PNG or WebP file, encoded in base64."


def analyze_picture(content: bytes) -> dict[str, Any]:
    """Where the eyes stand in one picture, as JSON values.

    Args:
        content: a JPEG, PNG, WebP, BMP or TIFF file.

    Raises:
        EmptyFileError: no bytes. NotAnImageError: no picture. TooLargeError: more than 50 megapixels.
    """
    image_bgr = decode_picture(content)
    mesh = MediaPipeFaceMesh()
    try:
        found = mesh.detect(image_bgr, 0.0)
    finally:
        mesh.close()
    height_px, width_px = image_bgr.shape[:2]
    result: dict[str, Any] = {
        "type": "image",
        "face_found": found is not None,
        "width_px": width_px,
        "height_px": height_px,
        "left_eye": None,
        "right_eye": None,
        "psp_suspected": None,
        "psp_status": "inconclusive",
        "reasons": [_ONE_POSITION] if found else [_NO_FACE, _ONE_POSITION],
        "analysis_version": ANALYSIS_VERSION,
        "tracker": mesh.name,
    }
    if found is not None:
        points_px = found.points_px[None]
        result["left_eye"] = _eye(points_px, LEFT_EYE)
        result["right_eye"] = _eye(points_px, RIGHT_EYE)
    return result


def decode_picture(content: bytes) -> NDArray[np.uint8]:
    """The picture upright, ``(height, width, 3)`` BGR. Its size is checked before it is unpacked. Raises as above."""
    if not content:
        raise EmptyFileError("The picture is empty (0 bytes). Send the file itself, encoded in base64.")
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise TooLargeError("The picture has more than 50 megapixels. Send it at a lower resolution.")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotAnImageError() from None
    return np.ascontiguousarray(np.asarray(upright, dtype=np.uint8)[:, :, ::-1])


def _eye(points_px: FloatArray, eye: EyePoints) -> dict[str, float | None]:
    usable: BoolArray = np.array([True])
    measured = measure_eye(points_px, eye, usable)
    values = {
        "eye_open": measured.eye_open,
        "v_offset": measured.v_offset,
        "h_offset": measured.h_offset,
        "iris_x_px": measured.iris_x_px,
        "iris_y_px": measured.iris_y_px,
        "iris_diameter_px": measured.iris_diameter_px,
    }
    return {name: _number(float(value[0])) for name, value in values.items()}


def _number(value: float) -> float | None:
    return round(value, _DECIMALS) if math.isfinite(value) else None
