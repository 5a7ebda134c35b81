"""Every word of the review part. Places in braces are filled in by the browser."""

from __future__ import annotations

from typing import Any

from dashboard.language.texts import t


def labels() -> dict[str, Any]:
    """Texts by name, as the scripts of this folder ask for them."""
    return {
        "review": t("Film, traces and events of the recording"),
        "pause": t("Pause (space)"),
        "no_film": t("The film of this recording is not here. Its measurements are."),
        "cannot_play": t("This browser cannot play the format of this film. The measurements are not affected."),
        "reload": t("Reload the page to see this again."),
        "readout": t("Frame {frame} · {time} of {end} s", frame="{frame}", time="{time}", end="{end}"),
        "readout_lost": t(
            "Frame {frame} · {time} of {end} s · not measured", frame="{frame}", time="{time}", end="{end}"
        ),
        "span": t("{start} to {end} s", start="{from}", end="{to}"),
        "overview": t("The whole recording; the frame shows which part is drawn above"),
        "whole_film": t("Whole film (0)"),
        "left_eye": t("Patient’s left eye"),
        "right_eye": t("Patient’s right eye"),
        "left_eye_legend": t("Patient’s left eye"),
        "right_eye_legend": t("Patient’s right eye"),
        "lost_legend": t("Not measurable"),
        "not_measured": t("not measured"),
        **_buttons(),
        **_events(),
        **_decisions(),
    }


def _buttons() -> dict[str, Any]:
    return {
        "buttons": {
            ".previous": t("Previous event (p)"),
            ".back": t("One frame back (left arrow)"),
            ".play": t("Play (space)"),
            ".forward": t("One frame on (right arrow)"),
            ".next": t("Next event (n)"),
            ".speed": t("Speed ([ and ])"),
            ".circles": t("What the tracker saw: iris circles on the film (l)"),
            ".keys": t("Keys (?)"),
            ".instrument": t("Instrument (g)"),
            ".zoom-in": t("Zoom in (+)"),
            ".zoom-out": t("Zoom out (−)"),
            ".fit": t("Show the whole film (0)"),
        },
        "keys_title": t("Keys, while the review has the focus"),
        "close": t("Close"),
        "help": [
            ["Space", t("play, pause")],
            ["← →  , .", t("one frame")],
            ["Shift ← →", t("one second")],
            ["Home End", t("first frame, last frame")],
            ["[ ]", t("slower, faster")],
            ["n p", t("next event, previous event")],
            ["a", t("accept the event")],
            ["x", t("reject the event; then 1 to 5: why")],
            ["u", t("undo the last decision")],
            ["i o b", t("mark the start and the end of a blink, add it")],
            ["i o t", t("mark the start and the end of a stretch of the task, name it below")],
            ["+ −", t("zoom; also the wheel at the pointer, or drag over a lane")],
            ["0", t("the whole film; also a double click")],
            ["g", t("the other instrument")],
            ["l", t("iris circles on or off")],
            ["Esc", t("forget what is marked")],
        ],
    }


def _events() -> dict[str, Any]:
    return {
        "lane_blinks": t("Blinks"),
        "lane_saccades": t("Saccades"),
        "lane_jerks": t("Jerks"),
        "filter_kind": t("Kind of event"),
        "filter_eye": t("Eye"),
        "filter_status": t("Decision"),
        "kind_all": t("All events"),
        "kind_blinks": t("Blinks"),
        "kind_saccades": t("Saccades"),
        "kind_square_wave_jerks": t("Square-wave jerks"),
        "eye_all": t("Any eye"),
        "eye_both": t("Both eyes"),
        "eye_left": t("left eye"),
        "eye_right": t("right eye"),
        "status_all": t("Any decision"),
        "status_measured": t("not looked at"),
        "status_accepted": t("accepted"),
        "status_rejected": t("rejected"),
        "status_added": t("added"),
        "event_summary": t(
            "{shown} of {all} events, {rejected} rejected", shown="{shown}", all="{all}", rejected="{rejected}"
        ),
        "no_events": t("No such event."),
        "one_blinks": t("Blink"),
        "one_incomplete_blink": t("Blink, incomplete"),
        "one_saccades": t("Saccade"),
        "one_square_wave_jerks": t("Square-wave jerk"),
        "detail_blink": t("{d} s", d="{d}"),
        "detail_saccade": t("about {a}° {direction}", a="{a}", direction="{direction}"),
        "detail_fast_saccade": t("about {a}° {direction}, peak {v} °/s", a="{a}", direction="{direction}", v="{v}"),
        "detail_jerk": t("about {a}°, back after {d} s", a="{a}", d="{d}"),
        "compass": [
            t("to the patient’s left"),
            t("down and left"),
            t("down"),
            t("down and right"),
            t("to the patient’s right"),
            t("up and right"),
            t("up"),
            t("up and left"),
        ],
    }


def _decisions() -> dict[str, Any]:
    reasons = [
        ["not_there", t("nothing happened here")],
        ["tracking", t("the iris was lost")],
        ["lids", t("a lid moved")],
        ["head", t("the head moved")],
        ["other", t("another reason")],
    ]
    return {
        "accept": t("Accept (a)"),
        "reject": t("Reject (x)"),
        "undo": t("Undo (u)"),
        "mark_in": t("Mark from (i)"),
        "mark_out": t("to (o)"),
        "add_blink": t("Add blink (b)"),
        "mark_segment": t("Stretch of the task (t)"),
        "mark_segment_first": t("Mark the stretch first: i at its first frame, o at its last."),
        "segment_below": t("The stretch is below, under “What was asked, and when”: name it there."),
        "mark_first": t("Mark the blink first: i at its first frame, o at its last."),
        "why_rejected": t("Rejected because"),
        "reasons": reasons,
        **{f"reason_{code}": text for code, text in reasons},
        "reason_depends": t("follows from another decision"),
        "reviewer": t("Reviewer"),
        "who": t("Type your initials and press Enter; they are kept with every decision of this session."),
        "not_saved": t("The decision could not be saved: the server does not answer. Try again."),
        "decided": t(
            "{accepted} accepted, {rejected} rejected, {added} added, {measured} not looked at",
            accepted="{accepted}",
            rejected="{rejected}",
            added="{added}",
            measured="{measured}",
        ),
        "sign": t("Sign the review"),
        "reopen": t("Reopen"),
        "cancel": t("Cancel"),
        "signed_by": t(
            "Signed by {reviewer}, {at}, analysis {version}. Locked.",
            reviewer="{reviewer}",
            at="{at}",
            version="{version}",
        ),
        "sign_question": t(
            "Sign as {reviewer}? {accepted} events accepted, {rejected} rejected, {added} added, {measured} not looked "
            "at. After that nothing can be changed unless the review is reopened, which is written down too.",
            reviewer="{reviewer}",
            accepted="{accepted}",
            rejected="{rejected}",
            added="{added}",
            measured="{measured}",
        ),
        "reopen_question": t("Why is the signed review opened again? The answer is kept with it."),
    }
