"""Checks of the film: gates G1 to G4 (face, time, frame rate, size, head), and what only informs."""

from __future__ import annotations

from typing import Final

from shared.checks.check import informed, judged, not_checked
from shared.model import CheckStatus, QualityCheck
from shared.parameters import Parameters
from shared.recording import Evidence
from shared.task import vertical_segments

NO_FACE_FRACTION: Final = 0.05
"""With a face in fewer frames than this there is no face. Proposal."""

EYE_MEASURED_FRACTION: Final = 0.5
"""An eye counts as measured when it is seen in this share of the frames with a face. Proposal."""

FRAME_RATE_TOLERANCE: Final = 0.005
"""Film at 24/1.001 frames/s is 24 frames/s."""

MAX_LOST_TIME_FRACTION: Final = 0.10
"""G2: share of the recording that may lie in gaps between frames. Proposal."""

SEVERAL_FACES_FRACTION: Final = 0.02
"""A second face in fewer frames than this is taken for a false detection. Proposal."""

VELOCITY_FRAME_RATE_HZ: Final = 60.0
"""Least frame rate for a fitted peak velocity; 90 is advised (Korean KOSES study: F1 <= .91 at 60 Hz)."""

UPSIDE_DOWN_DEG: Final = 90.0
"""Roll beyond which the picture, not the head, is turned."""


def no_face(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G1: a face is in the picture."""
    share = evidence.recording.face_share
    return judged(
        "NO_FACE",
        "G1",
        share < NO_FACE_FRACTION,
        f"A face was found in {share:.0%} of the frames.",
        f"A face was found in only {share:.0%} of the frames. Film the whole face from the front, in even light, "
        "without a mask.",
        value=share,
        threshold=NO_FACE_FRACTION,
        unit="fraction",
    )


def one_eye_only(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G1: both eyes are measured."""
    recording = evidence.recording
    if recording.face_share < NO_FACE_FRACTION:
        return not_checked("ONE_EYE_ONLY", "G1", "there is no face.")
    less, more = sorted((recording.left_share, recording.right_share))
    name = "left" if recording.left_share > recording.right_share else "right"
    return judged(
        "ONE_EYE_ONLY",
        "G1",
        less < EYE_MEASURED_FRACTION <= more,
        f"Each eye was measured in at least {less:.0%} of the frames with a face.",
        f"Almost only the patient's {name} eye could be measured (the other in {less:.0%} of the frames). "
        "Keep both eyes in the picture: no hair, hand or eye patch over one, head straight.",
        value=less,
        threshold=EYE_MEASURED_FRACTION,
        unit="fraction",
    )


def too_few_valid(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G1: share of frames with two measured, open eyes."""
    recording, least = evidence.recording, parameters.gates.min_valid_fraction
    if recording.face_share < NO_FACE_FRACTION:
        return not_checked("TOO_FEW_VALID_FRAMES", "G1", "there is no face.")
    share = recording.valid_share
    return judged(
        "TOO_FEW_VALID_FRAMES",
        "G1",
        share < least,
        f"Both open eyes were measured in {share:.0%} of the frames.",
        f"Both open eyes were measured in only {share:.0%} of the frames; {least:.0%} are needed. Keep the face in "
        "the picture, turned to the camera, in even light, and let the patient rest if the lids keep closing.",
        value=share,
        threshold=least,
        unit="fraction",
    )


def task_too_short(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G1: usable time of the vertical task."""
    recording, least = evidence.recording, parameters.gates.min_task_duration_s
    if recording.face_share < NO_FACE_FRACTION:
        return not_checked("TASK_TOO_SHORT", "G1", "there is no face.")
    seconds = recording.task_time_s
    what = "the vertical task" if vertical_segments(parameters) else "the recording"
    return judged(
        "TASK_TOO_SHORT",
        "G1",
        seconds < least,
        f"{seconds:.1f} s of {what} could be measured.",
        f"Only {seconds:.1f} s of {what} could be measured; {least:g} s are needed. Record at least six times up "
        "and down, two seconds each.",
        value=seconds,
        threshold=least,
        unit="s",
    )


def frame_rate(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G2: effective frame rate."""
    rate, least = evidence.recording.frame_rate_hz, parameters.gates.min_frame_rate_hz
    if evidence.recording.frame_count < 2:
        return not_checked("FRAME_RATE_TOO_LOW", "G2", "there are fewer than two frames.")
    return judged(
        "FRAME_RATE_TOO_LOW",
        "G2",
        rate < least * (1 - FRAME_RATE_TOLERANCE),
        f"{rate:.1f} frames/s were measured.",
        f"Only {rate:.1f} frames/s were measured; {least:g} are needed. Film at 30 frames/s or more, better 60 to "
        "240, in bright light, and measure every frame (step 1).",
        value=rate,
        threshold=least,
        unit="1/s",
    )


def uneven_times(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G2: gaps between frames fail, uneven intervals warn."""
    recording, gates = evidence.recording, parameters.gates
    jitter, lost = recording.interval_jitter, recording.lost_time_share
    if jitter is None or lost is None:
        return not_checked("UNEVEN_FRAME_TIMES", "G2", "there are too few frames.")
    if lost > MAX_LOST_TIME_FRACTION:
        return QualityCheck(
            "UNEVEN_FRAME_TIMES",
            CheckStatus.FAIL,
            f"{lost:.0%} of the recording lies in gaps between frames. Film with the phone's own camera, with "
            "nothing else running, and upload the original file rather than one sent through a messenger.",
            lost,
            MAX_LOST_TIME_FRACTION,
            "fraction",
            "G2",
        )
    uneven = jitter > gates.max_interval_jitter
    return QualityCheck(
        "UNEVEN_FRAME_TIMES",
        CheckStatus.WARNING if uneven else CheckStatus.PASS,
        f"The frame intervals vary by {jitter:.0%}. The true time of each frame is known and used, so ranges hold; "
        "velocities are less certain. Turn off variable frame rate if the camera offers it."
        if uneven
        else f"The frame intervals vary by {jitter:.0%}.",
        jitter,
        gates.max_interval_jitter,
        "fraction",
        "G2",
    )


def iris_too_small(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G3: iris diameter in the picture."""
    size, least = evidence.recording.iris_diameter_px, parameters.gates.min_iris_diameter_px
    if size is None:
        return not_checked("IRIS_TOO_SMALL", "G3", "no iris size was measured.")
    return judged(
        "IRIS_TOO_SMALL",
        "G3",
        size < least,
        f"The iris is {size:.0f} px wide.",
        f"The iris is only {size:.0f} px wide; {least:g} are needed. Move the camera closer so that the face fills the "
        "picture, and film at 1080p or more.",
        value=size,
        threshold=least,
        unit="px",
    )


def head_moved(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G4: nodding, which can do the eyes' work."""
    spread, most = evidence.recording.pitch_range_deg, parameters.gates.max_head_pitch_range_deg
    if spread is None:
        return not_checked("HEAD_MOVED", "G4", "the head's pose was not measured.")
    return judged(
        "HEAD_MOVED",
        "G4",
        spread > most,
        f"The head nodded by {spread:.1f} deg.",
        f"The head nodded by {spread:.1f} deg; at most {most:g} deg are allowed, because the head can do the eyes' "
        "work. Use a chin rest or a hand on the forehead, and ask to move the eyes only.",
        value=spread,
        threshold=most,
        unit="deg",
    )


def upside_down(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G4: a face on its head exchanges up and down."""
    roll = evidence.recording.roll_deg
    if roll is None:
        return not_checked("UPSIDE_DOWN", "G4", "the head's pose was not measured.")
    return judged(
        "UPSIDE_DOWN",
        "G4",
        abs(roll) > UPSIDE_DOWN_DEG,
        "The picture is the right way up.",
        "The face is upside down, so up and down are exchanged. Rotate the video and upload it again.",
        value=abs(roll),
        threshold=UPSIDE_DOWN_DEG,
        unit="deg",
    )


def head_turned(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """G4: turned sideways or tilted."""
    recording, most = evidence.recording, parameters.gates.max_head_turn_deg
    if recording.yaw_deg is None or recording.roll_deg is None:
        return not_checked("HEAD_TURNED", "G4", "the head's pose was not measured.")
    yaw, roll = abs(recording.yaw_deg), abs(recording.roll_deg)
    if roll > UPSIDE_DOWN_DEG:
        roll = 180 - roll
    turn = max(yaw, roll)
    how = "turned sideways" if yaw >= roll else "tilted"
    return judged(
        "HEAD_TURNED",
        "G4",
        turn > most,
        f"The head faces the camera within {turn:.0f} deg.",
        f"The head is {how} by {turn:.0f} deg; at most {most:g} deg are allowed. Place the camera straight in front of "
        "the face, at eye height, and hold it level.",
        value=turn,
        threshold=most,
        unit="deg",
    )


def several_faces(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """Informs: more than one face."""
    share = evidence.recording.several_faces_share
    if share is None:
        return not_checked("SEVERAL_FACES", None, "nothing looked for a second face.")
    return informed(
        "SEVERAL_FACES",
        share > SEVERAL_FACES_FRACTION,
        "Only one face is in the picture.",
        f"More than one face is in the picture in {share:.0%} of the frames. Check that the patient was measured; "
        "film the patient alone.",
        value=share,
        threshold=SEVERAL_FACES_FRACTION,
        unit="fraction",
    )


def spectacles(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """Informs: spectacles before the eyes."""
    seen = evidence.recording.spectacles
    if seen is None:
        return not_checked("SPECTACLES", None, "spectacles could not be told.")
    return informed(
        "SPECTACLES",
        seen,
        "No spectacles were seen.",
        "The patient seems to wear spectacles. Reflections and strong lenses can make the angles less certain. "
        "Film without them if the patient sees the target without.",
        value=None,
        threshold=None,
        unit="",
    )


def velocity_rate(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """Informs: whether the frame rate carries peak velocities."""
    rate = evidence.recording.frame_rate_hz
    return informed(
        "LOW_FRAME_RATE_FOR_VELOCITY",
        rate < VELOCITY_FRAME_RATE_HZ * (1 - FRAME_RATE_TOLERANCE),
        f"{rate:.0f} frames/s carry fitted peak velocities.",
        f"{rate:.0f} frames/s do not carry the peak velocity of saccades. Film at 120 to 240 frames/s to get it.",
        value=rate,
        threshold=VELOCITY_FRAME_RATE_HZ,
        unit="1/s",
    )


def legacy(evidence: Evidence, parameters: Parameters) -> QualityCheck:
    """Informs: a trace of the published original."""
    return informed(
        "LEGACY_TRACE",
        evidence.recording.legacy,
        "The trace was measured by this program.",
        "The trace comes from the published original, which joined each iris with the other eye's corners and divided "
        "by the momentary lid gap. Analyse the video again to get comparable numbers.",
        value=None,
        threshold=None,
        unit="",
    )
