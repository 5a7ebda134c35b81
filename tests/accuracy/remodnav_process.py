"""Runs in an environment that has REMoDNaV, not in this project's: reads a signal a line, answers its saccades."""

import json
import math
import sys

SMOOTHING_S, LEAST_SAMPLES = 0.019, 3  # REMoDNaV's default, and what its second-order filter needs
LEAST_SACCADE_S = 0.010  # its default


def known_ends(axes: list[list[float]], samples: int) -> tuple[int, int]:
    """The part that begins and ends with that many known samples: its filter cannot begin or end in a loss."""
    known = [math.isfinite(x) and math.isfinite(y) for x, y in zip(*axes, strict=True)]
    whole = [index for index in range(len(known) - samples + 1) if all(known[index : index + samples])]
    return (whole[0], whole[-1] + samples) if whole else (0, len(known))


def main() -> None:
    import numpy
    from remodnav.clf import EyegazeClassifier

    for line in sys.stdin:
        asked = json.loads(line)
        rate_hz = asked["rate_hz"]
        axes = [[math.nan if value is None else value for value in asked[name]] for name in ("x_deg", "y_deg")]
        samples = max(LEAST_SAMPLES, math.ceil(SMOOTHING_S * rate_hz - 1e-6))
        samples += 1 - samples % 2
        try:
            classifier = EyegazeClassifier(
                px2deg=1.0, sampling_rate=rate_hz, min_saccade_duration=max(LEAST_SACCADE_S, 1.001 / rate_hz)
            )
            first, beyond = known_ends(axes, 3 * samples)
            signal = numpy.rec.fromarrays([axis[first:beyond] for axis in axes], names="x,y")
            smooth = classifier.preproc(signal, savgol_length=(samples + 0.001) / rate_hz)
            events = classifier(smooth)
        except Exception as error:  # whatever stops it is told to the asking side
            answer = {"error": f"{type(error).__name__}: {error}"}
        else:
            saccades = [event for event in events if event["label"] in ("SACC", "ISAC")]
            start_s = first / rate_hz
            answer = {
                "found": [
                    [start_s + float(s["start_time"]), start_s + float(s["end_time"]), float(s["amp"])]
                    for s in saccades
                ]
            }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
