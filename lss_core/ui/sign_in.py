"""The sign-in form and the user's menu: components, because only the browser's own
request can be given a cookie. The password never passes through Streamlit."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lss_core.texts import Language, _
from lss_core.ui.html import escape, write
from lss_core.ui.scripts import common, texts_of
from lss_core.usecases.demo import PASSWORD, USER_NAMES, demo_exists
from lss_core.usecases.users import has_users
from lss_core.usecases.workspace import Workspace

_FOLDER = Path(__file__).parent / "scripts"

_FORM_HTML = """
<form class="lss-sign-in" method="post" autocomplete="on">
  <p class="lss-invited" hidden></p>
  <label><span></span> <input name="name" type="text" autocomplete="username" autocapitalize="none"
    spellcheck="false" required maxlength="100"></label>
  <label><span></span> <input name="password" type="password" autocomplete="current-password"
    required maxlength="500"></label>
  <label hidden><span></span> <input name="shown_as" type="text" autocomplete="name" maxlength="100"></label>
  <button type="submit"></button>
  <p role="alert" hidden></p>
</form>
"""

_MENU_HTML = """
<div class="lss-menu">
  <button type="button" name="mode"></button>
  <label><span></span> <select name="language"></select></label>
  <button type="button" name="out"></button>
</div>
"""

_CSS = """
.lss-sign-in { display: grid; gap: .8rem; max-width: 22rem }
.lss-sign-in [hidden] { display: none }
.lss-sign-in label:not([hidden]) { display: grid; gap: .25rem; font-size: .85rem }
.lss-sign-in input, .lss-sign-in button, .lss-menu :is(button, select) {
  font: inherit; color: var(--st-text-color); padding: .5rem .7rem;
  border: 1px solid var(--st-border-color); border-radius: 4px }
.lss-sign-in input { background: var(--st-secondary-background-color) }
.lss-sign-in button { background: var(--st-primary-color); color: var(--st-background-color);
  border: 0; font-weight: 600; cursor: pointer }
.lss-sign-in button:disabled { opacity: .6; cursor: progress }
.lss-sign-in .lss-invited { margin: 0; font-size: .85rem }
.lss-sign-in [role=alert] { margin: 0; font-size: .85rem; padding: .5rem .7rem;
  border-left: 3px solid var(--st-primary-color); background: var(--st-secondary-background-color) }
.lss-menu { display: grid; gap: .5rem; min-width: 11rem }
.lss-menu label { display: grid; gap: .25rem; font-size: .85rem }
.lss-menu :is(button, select) { background: var(--st-background-color); cursor: pointer }
:is(.lss-sign-in, .lss-menu) :focus-visible { outline: 2px solid var(--st-primary-color) }
"""

_FORM_JS = common() + (_FOLDER / "sign_in.js").read_text(encoding="utf-8")
_MENU_JS = common() + (_FOLDER / "menu.js").read_text(encoding="utf-8")

_form = st.components.v2.component(
    "lss_sign_in", html=_FORM_HTML, css=_CSS, js=_FORM_JS, isolate_styles=False
)
_PASSWORD_HTML = """
<form class="lss-sign-in" method="post">
  <label><span></span> <input name="old" type="password" autocomplete="current-password" maxlength="500">
  </label>
  <label><span></span> <input name="new" type="password" autocomplete="new-password" required
    minlength="10" maxlength="500"></label>
  <button type="submit"></button>
  <p role="alert" hidden></p>
</form>
"""
_PASSWORD_JS = common() + (_FOLDER / "password.js").read_text(encoding="utf-8")
_password = st.components.v2.component(
    "lss_password", html=_PASSWORD_HTML, css=_CSS, js=_PASSWORD_JS, isolate_styles=False
)
_adopt = st.components.v2.component(
    "lss_adopt", html="<i></i>", js=(_FOLDER / "adopt.js").read_text(encoding="utf-8"), isolate_styles=False
)
_menu = st.components.v2.component("lss_menu", html=_MENU_HTML, css=_CSS, js=_MENU_JS, isolate_styles=False)


def show(workspace: Workspace) -> None:
    """The sign-in page; where the demo study is, with its users and their password."""
    with st.columns([1, 1.3, 1])[1]:
        st.title(_("Reader studies of lumbar spinal stenosis"))
        _form(key="sign-in", data={"texts": texts_of(_FORM_JS)})
        if demo_exists(workspace):
            names = ", ".join(f"<code>{escape(name)}</code>" for name in USER_NAMES)
            words = _(
                "Demo study, synthetic data. Sign in as {names}; the password of each is {password}.",
                names=names,
                password=f"<code>{escape(PASSWORD)}</code>",
            )
        elif has_users(workspace):
            words = _("No account yet? Open the link of the invitation that your coordinator sends you.")
        else:
            words = _(
                "No account yet? The administrator of this server adds one: {command}",
                command="<code>python -m lss_core users add</code>",
            )
        write(f'<p class="lss-muted">{words}</p>')


def adopt(token: str) -> None:
    """Let the browser change a token for its cookie, which a script cannot set."""
    _adopt(key="adopt", data={"token": token})


def own_password(*, has_one: bool) -> None:
    """The form by which somebody sets or changes his own password; it never passes through Streamlit."""
    if not has_one:
        st.caption(
            _("You sign in with your institution's account. A password is what you sign your reads with.")
        )
    _password(key="password", data={"texts": texts_of(_PASSWORD_JS), "has_one": has_one})


def menu() -> None:
    """The user's own menu: the look, the language, and signing out."""
    languages = [[own.value, own.label] for own in Language]
    _menu(key="menu", data={"texts": texts_of(_MENU_JS), "languages": languages})
