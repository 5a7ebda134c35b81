"""About: what this is and is not, where the data lies, versions and limits."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version

import pandas as pd
import streamlit as st

from dashboard.demo.cases import add_demo_cases
from dashboard.language.core_texts import core
from dashboard.language.texts import t
from dashboard.language.wording import unit_text
from dashboard.page import PATIENTS, disclaimer, errors_in_words, place, place_name, services
from dashboard.services import CLOUD, VIDEO_TYPES
from shared.adapters.settings import MIB, read_settings
from shared.parameters import BOUNDS, Parameters
from shared.version import ANALYSIS_VERSION, SCHEMA_VERSION

_PACKAGES = ("mediapipe", "opencv-python-headless", "numpy", "scipy", "streamlit", "plotly", "av")


def installed(package: str) -> str:
    """Version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return t("not installed")


def what_it_is() -> None:
    """Purpose and its limits, before anything technical."""
    st.markdown(
        "\n".join(
            f"- {line}"
            for line in (
                t("It measures eyes and lids in a film of a face and compares the vertical range with a threshold."),
                t("**{sentence}** It is not a medical device and decides no treatment.", sentence=disclaimer()),
                t("*Inconclusive* is a result: the recording does not carry a judgement, and the reasons say why."),
                t(
                    "A small vertical range has many causes: age, Parkinson’s disease, drowsiness, glasses, "
                    "a turned head, or a patient who did not try."
                ),
                t("The thresholds were checked on computer-drawn faces and few people, and not validated in patients."),
            )
        )
    )


def data_place() -> None:
    """Where films and results are, and how to remove them."""
    with st.container(border=True, key="settings-data"):
        title = t("Where the data is")
        st.markdown(f"**{title}**")
        settings = read_settings()
        if place() == CLOUD:
            st.write(
                t(
                    "Films and results lie in the S3 bucket and the DynamoDB table below, in region {region}, and are "
                    "analysed by {place}.",
                    region=settings.aws_region,
                    place=place_name(CLOUD),
                )
            )
            st.code(f"{settings.s3_bucket}\n{settings.dynamodb_table}", language=None)
            st.write(
                t(
                    "Films that you look at are kept for viewing in the data folder of this machine. To remove them, "
                    "delete that folder."
                )
            )
            return
        st.write(t("Films, traces and results stay on this machine, in this folder:"))
        st.code(str(settings.data_folder), language=None)
        st.write(
            t("Nothing is sent anywhere. No usage statistics are gathered. To remove all of it, delete the folder.")
        )


def limits_table() -> None:
    """What a film may be."""
    st.dataframe(
        pd.DataFrame(
            [
                (t("Largest film"), f"{read_settings().max_video_bytes / MIB:g} MB"),
                (t("Film types"), ", ".join(VIDEO_TYPES)),
                (t("Longest measured"), t("{count} frames (max_frames)", count=Parameters().max_frames)),
                (t("Recommended"), t("10 s or longer, 30 frames/s or more, 1080p, face fills the picture")),
            ],
            columns=["what", "limit"],
        ),
        hide_index=True,
        column_config={"what": t("Limit"), "limit": st.column_config.TextColumn(t("Value"), width="large")},
    )


def versions_table() -> None:
    """The numbers' version and the packages that make them."""
    facts = {
        t("Analysis version"): ANALYSIS_VERSION,
        t("Table schema"): SCHEMA_VERSION,
        "Python": platform.python_version(),
        **{package: installed(package) for package in _PACKAGES},
    }
    st.dataframe(
        pd.DataFrame({"name": list(facts), "version": list(facts.values())}),
        hide_index=True,
        height="content",
        column_config={"name": t("Part"), "version": t("Version")},
    )


def parameters_table() -> None:
    """Default, unit and source of each parameter."""
    defaults = Parameters()
    st.dataframe(
        pd.DataFrame(
            [
                (name, str(getattr(defaults, name)), unit_text(bound.unit), core(bound.meaning), core(bound.source))
                for name, bound in BOUNDS.items()
            ],
            columns=["name", "default", "unit", "meaning", "source"],
        ),
        hide_index=True,
        height="content",
        column_config={
            "name": t("Parameter"),
            "default": t("Default"),
            "unit": t("Unit"),
            "meaning": st.column_config.TextColumn(t("Meaning"), width="large"),
            "source": st.column_config.TextColumn(t("Source"), width="medium"),
        },
    )


def main() -> None:
    """The page."""
    st.title(t("About"), anchor=False)
    with errors_in_words():
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.subheader(t("What this is, and what it is not"), anchor=False)
            what_it_is()
            data_place()
            st.subheader(t("Limits"), anchor=False)
            limits_table()
        with right:
            st.subheader(t("Versions"), anchor=False)
            versions_table()
            st.subheader(t("Demo cases"), anchor=False)
            st.write(t("Four computer-drawn recordings whose eye movements are known."))
            if st.button(t("Add or refresh the demo cases"), key="settings-demo"):
                with st.spinner(t("Preparing the demo cases …")):
                    add_demo_cases(services(), now=time.time())
                st.switch_page(PATIENTS)
        st.subheader(t("Default parameters"), anchor=False)
        parameters_table()


main()
