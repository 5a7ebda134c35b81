"""The report as a PDF of one A4 page (fpdf2): tagged, typeface embedded, text that can be searched and copied."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from dashboard.language.core_texts import core
from dashboard.language.reader import speaking
from dashboard.language.texts import t as say
from dashboard.language.wording import instrument_text, unit_text
from dashboard.report.data import MetricRow, ReportData, checks_to_mention, metric_rows
from dashboard.report.figures import gaze_png, traces_png
from dashboard.report.fonts import BOLD, FAMILY, REGULAR
from shared.model import PspStatus

_MARGIN_MM: Final = 14.0
_WIDTH_MM: Final = 210.0 - 2 * _MARGIN_MM
_INK: Final = (24, 32, 40)
_GREY: Final = (91, 102, 113)
_RULE: Final = (201, 209, 218)
_MOST_REASONS: Final = 4
_MOST_CHECKS: Final = 4
_MOST_FINDINGS: Final = 5


def report_pdf(data: ReportData, *, language: str = "en", now: float) -> bytes:
    """The page for one recording.

    Args:
        data: what to print.
        language: ``en`` or ``ko``.
        now: when it is printed, epoch seconds.
    """
    # fontTools warns about tables of this typeface that it leaves out of the embedded subset.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    return _Page(data, language, now).draw()


class _Page:
    """One page under way, from top to bottom."""

    def __init__(self, data: ReportData, language: str, now: float) -> None:
        self.data = data
        self.language = language
        self.now = now
        self.pdf = FPDF(format="A4")
        self.pdf.set_lang(language)
        self.pdf.set_title(self.say("Eye movement report"))
        self.pdf.set_creation_date(datetime.fromtimestamp(now, UTC))
        self.pdf.set_margin(_MARGIN_MM)
        self.pdf.set_auto_page_break(False)
        self.pdf.add_font(FAMILY, "", REGULAR)
        self.pdf.add_font(FAMILY, "B", BOLD)
        self.pdf.add_page()

    def say(self, message: str, /, **values: object) -> str:
        """A sentence in the language of the page."""
        return say(message, language=self.language, **values)

    def _core(self, sentence: str) -> str:
        """A sentence of the analysis in the language of the page."""
        return core(sentence, language=self.language)

    def draw(self) -> bytes:
        self._head()
        self._status()
        self._traces()
        self._metrics()
        self._findings()
        self._quality()
        self._foot()
        return bytes(self.pdf.output())

    def _font(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _INK) -> None:
        self.pdf.set_font(FAMILY, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)

    def _line(self, text: str, height: float = 4.2) -> None:
        self.pdf.multi_cell(_WIDTH_MM, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _heading(self, text: str) -> None:
        self.pdf.ln(1.8)
        self._font(9.5, bold=True)
        self._line(text, 5.0)

    def _rule(self) -> None:
        self.pdf.set_draw_color(*_RULE)
        self.pdf.set_line_width(0.2)
        y = self.pdf.get_y() + 0.8
        self.pdf.line(_MARGIN_MM, y, _MARGIN_MM + _WIDTH_MM, y)
        self.pdf.set_y(y + 1.2)

    def _head(self) -> None:
        data = self.data
        self._font(14, bold=True)
        self._line(self.say("Eye movement report"), 7.0)
        if data.signature is None:
            self._draft_stamp()
        self._font(8.5, colour=_GREY)
        parts = [
            self.say("Patient {code}", code=data.patient_code),
            self.say("recorded {day}", day=self._day(data.recorded_at)),
            self._core(data.label),
            self.say("analysis {id}", id=data.analysis_id[:12]),
        ]
        self._line(" · ".join(part for part in parts if part))
        self._rule()

    def _draft_stamp(self) -> None:
        here = self.pdf.get_y()
        self._font(14, bold=True, colour=(178, 60, 0))
        self.pdf.set_xy(_MARGIN_MM, here - 7.0)
        self.pdf.cell(_WIDTH_MM, 7.0, self.say("DRAFT"), align="R")
        self.pdf.set_xy(_MARGIN_MM, here)

    def _status(self) -> None:
        status = str(self.data.summary["psp_status"])
        y = self.pdf.get_y() + 1.0
        self._status_shape(status, y)
        self.pdf.set_xy(_MARGIN_MM + 9.0, y)
        self._font(17, bold=True)
        self.pdf.cell(_WIDTH_MM - 9.0, 7.5, self._status_text(status), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._font(8.5)
        self.pdf.ln(1.0)
        for reason in self.data.summary["reasons"][:_MOST_REASONS]:
            self._line("· " + self._core(reason["message"]))
        self._font(8, colour=_GREY)
        self._line(self.say("Research and screening support, not a diagnosis."))

    def _status_shape(self, status: str, y: float) -> None:
        """The dashboard's shape for this status: a full diamond, a full circle or an empty square."""
        x, size = _MARGIN_MM + 0.5, 6.0
        self.pdf.set_draw_color(*_INK)
        self.pdf.set_fill_color(*_INK)
        self.pdf.set_line_width(0.6)
        if status == PspStatus.SUSPECTED:
            half = size / 2
            corners = [(x + half, y), (x + size, y + half), (x + half, y + size), (x, y + half)]
            self.pdf.polygon(corners, style="F")
        elif status == PspStatus.NOT_SUSPECTED:
            self.pdf.ellipse(x, y, size, size, style="F")
        else:
            self.pdf.rect(x, y, size, size, style="D")

    def _status_text(self, status: str) -> str:
        texts = {
            PspStatus.SUSPECTED.value: self.say("PSP suspected"),
            PspStatus.NOT_SUSPECTED.value: self.say("PSP not suspected"),
            PspStatus.INCONCLUSIVE.value: self.say("Inconclusive"),
        }
        return texts[status]

    def _traces(self) -> None:
        self._heading(
            self.say("Eye position in the head over the film (limbus instrument; left is the patient's left)")
        )
        trace, events, height = self.data.trace, self.data.events, 62.0
        wide, narrow = (_WIDTH_MM - 54.0, height), (52.0, height)
        y = self.pdf.get_y()
        lines = traces_png(trace, events, wide, language=self.language)
        self.pdf.image(
            lines, x=_MARGIN_MM, y=y, w=wide[0], h=height, alt_text=self.say("Vertical and horizontal eye position")
        )
        dots = gaze_png(trace, events, narrow, language=self.language)
        self.pdf.image(
            dots,
            x=_MARGIN_MM + wide[0] + 2.0,
            y=y,
            w=narrow[0],
            h=height,
            alt_text=self.say("Vertical against horizontal eye position"),
        )
        self.pdf.set_y(y + height)

    def _metrics(self) -> None:
        self._heading(self.say("Measurements"))
        self._font(7.8)
        self.pdf.set_draw_color(*_RULE)
        self.pdf.set_line_width(0.1)
        # The table would take the fill of the status shape for its own.
        self.pdf.set_fill_color(255, 255, 255)
        head = FontFace(emphasis="BOLD", color=_GREY, fill_color=(255, 255, 255))
        with self.pdf.table(
            width=round(_WIDTH_MM),
            col_widths=(58, 26, 24, 30, 44),
            line_height=4.0,
            borders_layout="HORIZONTAL_LINES",
            headings_style=head,
            text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT", "LEFT"),
        ) as table:
            table.row(
                [
                    self.say("Quantity"),
                    self.say("Measured"),
                    self.say("Reviewed"),
                    self.say("Published range"),
                    self.say("Unit, instrument"),
                ]
            )
            for row in metric_rows(self.data):
                table.row(self._metric_cells(row))

    def _metric_cells(self, row: MetricRow) -> list[str]:
        value = self.say("not measured") if row.value is None else number(row.value)
        reviewed = "" if row.reviewed is None else number(row.reviewed)
        with speaking(self.language):
            unit = ", ".join(part for part in (unit_text(row.unit), instrument_text(row.instrument)) if part)
        return [self._core(row.label), value, reviewed, range_text(row.low, row.high), unit]

    def _findings(self) -> None:
        self._heading(self.say("Findings"))
        self._font(7.8)
        states = {
            "present": self.say("present"),
            "absent": self.say("absent"),
            "not_measured": self.say("not measured"),
        }
        for finding in self.data.summary["findings"][:_MOST_FINDINGS]:
            text = f"{self._core(finding['label'])}: {states[finding['state']]}. {self._core(finding['message'])}"
            self._line(text, 3.9)

    def _quality(self) -> None:
        self._heading(self.say("Quality of the recording"))
        self._font(7.8)
        checks = checks_to_mention(self.data)
        if not checks:
            self._line(self.say("All checks passed."), 3.9)
        for check in checks[:_MOST_CHECKS]:
            self._line("· " + self._core(check["message"]), 3.9)
        if len(checks) > _MOST_CHECKS:
            self._line(self.say("and {count} more, see the review page", count=len(checks) - _MOST_CHECKS), 3.9)

    def _foot(self) -> None:
        self.pdf.set_y(-_MARGIN_MM - 21.0)
        self._rule()
        self._font(8)
        signature = self.data.signature
        if signature is None:
            self._line(self.say("Not signed. The values may change when somebody reviews the events."))
        else:
            self._line(
                self.say(
                    "Reviewed and signed by {reviewer} on {day}",
                    reviewer=signature.reviewer,
                    day=self._day(signature.signed_at),
                )
            )
        self._font(7, colour=_GREY)
        self._line(self._versions(), 3.5)
        self._line(
            self.say(
                "Research and screening support, not a diagnosis. Degrees are approximate unless calibrated. "
                "A result does not replace an examination."
            ),
            3.5,
        )

    def _versions(self) -> str:
        summary = self.data.summary
        parameters: Mapping[str, Any] = summary["parameters"]
        named = ("vpp_thresh", "blink_method", "blink_thresh", "step", "task")
        settings = ", ".join(f"{name} {parameters[name]}" for name in named if name in parameters)
        return " · ".join(
            [
                self.say("analysis version {version}", version=summary["analysis_version"]),
                ", ".join(f"{key} {value}" for key, value in summary["tracker"].items() if key != "analysis"),
                settings,
                self.say("film {sha256}", sha256=str(self.data.document["sha256"])[:12]),
                self.say("printed {day}", day=self._day(self.now)),
            ]
        )

    @staticmethod
    def _day(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def number(value: float) -> str:
    """Three significant digits, never in exponents.

    >>> number(0.03750001), number(37.158), number(1234.5), number(0.0)
    ('0.0375', '37.2', '1234', '0')
    """
    if value == 0.0 or abs(value) >= 1000.0:
        return f"{value:.0f}"
    text = f"{float(f'{value:.3g}'):f}"
    return text.rstrip("0").rstrip(".")


def range_text(low: float | None, high: float | None) -> str:
    """A published range in figures; empty where there is none.

    >>> range_text(12.7, 43.1), range_text(None, 65.7), range_text(None, None)
    ('12.7 – 43.1', '≤ 65.7', '')
    """
    if low is None and high is None:
        return ""
    if low is None:
        return f"≤ {number(high or 0.0)}"
    return f"≥ {number(low)}" if high is None else f"{number(low)} – {number(high)}"
