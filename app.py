"""The server and its script: navigation by role, and nothing else.

`streamlit run app.py` and `uvicorn app:app` find `app`; for each session the server then
runs this file again as its script.
"""

import streamlit as st

from lss_core.ui.frame import on_script_error
from lss_core.ui.navigation import navigate
from lss_core.ui.routes import ROUTES
from lss_core.ui.server import MIDDLEWARE, lifespan

app = st.App(
    __file__, routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan, on_script_error=on_script_error
)

if __name__ == "__main__":
    navigate()
