"""The shell: pages, navigation and what stands on each of them. Run by ``python -m dashboard``."""

from pathlib import Path

import streamlit as st

from dashboard.language.texts import t
from dashboard.page import (
    COMPARE,
    HISTORY,
    NEW_RECORDING,
    PATIENTS,
    REPORT,
    REVIEW,
    SCREENING,
    SETTINGS,
    disclaimer_line,
    place_line,
    style,
)
from dashboard.sign_in import require_sign_in

st.set_page_config(page_title=t("Eye movement review"), page_icon=Path(__file__).with_name("icon.svg"), layout="wide")
require_sign_in()
pages = [
    st.Page(PATIENTS, title=t("Patients"), icon=":material/group:", default=True),
    st.Page(NEW_RECORDING, title=t("New recording"), icon=":material/videocam:"),
    st.Page(REVIEW, title=t("Review"), icon=":material/visibility:"),
    st.Page(HISTORY, title=t("History"), icon=":material/timeline:"),
    st.Page(REPORT, title=t("Report"), icon=":material/description:"),
    st.Page(COMPARE, title=t("Compare thresholds"), icon=":material/compare_arrows:"),
    st.Page(SCREENING, title=t("Screening"), icon=":material/photo_camera_front:"),
    st.Page(SETTINGS, title=t("About"), icon=":material/info:"),
]
page = st.navigation(pages, position="top")
style()
disclaimer_line()
place_line()
page.run()
