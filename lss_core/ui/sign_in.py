"""The sign-in form and the user's menu: components, because only the browser's own
request can be given a cookie. The password never passes through Streamlit."""

from __future__ import annotations

import streamlit as st

from lss_core.ui.html import escape, write
from lss_core.usecases.demo import PASSWORD, USER_NAMES, demo_exists
from lss_core.usecases.workspace import Workspace

_FORM_HTML = """
<form class="lss-sign-in" method="post" autocomplete="on">
  <label>Name <input name="name" type="text" autocomplete="username" autocapitalize="none"
    spellcheck="false" required maxlength="100"></label>
  <label>Password <input name="password" type="password" autocomplete="current-password"
    required maxlength="500"></label>
  <button type="submit">Sign in</button>
  <p role="alert" hidden></p>
</form>
"""

_MENU_HTML = """
<div class="lss-menu">
  <button type="button" name="mode"></button>
  <button type="button" name="out">Sign out</button>
</div>
"""

_CSS = """
.lss-sign-in { display: grid; gap: .8rem; max-width: 22rem }
.lss-sign-in label { display: grid; gap: .25rem; font-size: .85rem }
.lss-sign-in input, .lss-sign-in button, .lss-menu button {
  font: inherit; color: var(--st-text-color); padding: .5rem .7rem;
  border: 1px solid var(--st-border-color); border-radius: 4px }
.lss-sign-in input { background: var(--st-secondary-background-color) }
.lss-sign-in button { background: var(--st-primary-color); color: var(--st-background-color);
  border: 0; font-weight: 600; cursor: pointer }
.lss-sign-in button:disabled { opacity: .6; cursor: progress }
.lss-sign-in [role=alert] { margin: 0; font-size: .85rem; padding: .5rem .7rem;
  border-left: 3px solid var(--st-primary-color); background: var(--st-secondary-background-color) }
.lss-menu { display: grid; gap: .5rem; min-width: 11rem }
.lss-menu button { background: none; cursor: pointer }
:is(.lss-sign-in, .lss-menu) :focus-visible { outline: 2px solid var(--st-primary-color) }
"""

_FORM_JS = """
export default ({ parentElement }) => {
  const form = parentElement.querySelector("form")
  const say = form.querySelector("[role=alert]")
  const button = form.querySelector("button")
  form.onkeydown = (event) => event.stopPropagation()
  form.onsubmit = async (event) => {
    event.preventDefault()
    say.hidden = true
    button.disabled = true
    try {
      const answer = await fetch("/session/sign-in", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-LSS-Request": "1" },
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
      })
      if (answer.ok) return window.location.reload()
      say.textContent = (await answer.json()).message
    } catch {
      say.textContent = "The server does not answer. Try again in a moment."
    }
    say.hidden = false
    button.disabled = false
    form.elements.password.select()
  }
  form.elements.name.focus()
}
"""

_MENU_JS = """
export default ({ parentElement }) => {
  const [mode, out] = parentElement.querySelectorAll("button")
  const light = localStorage.getItem("lss_mode") === "light"
  mode.textContent = light ? "Dark look" : "Light look"
  mode.onclick = () => {
    localStorage.setItem("lss_mode", light ? "dark" : "light")
    window.location.reload()
  }
  out.onclick = async () => {
    await fetch("/session/sign-out", { method: "POST", headers: { "X-LSS-Request": "1" } })
    window.location.assign("/")
  }
}
"""

_form = st.components.v2.component(
    "lss_sign_in", html=_FORM_HTML, css=_CSS, js=_FORM_JS, isolate_styles=False
)
_menu = st.components.v2.component("lss_menu", html=_MENU_HTML, css=_CSS, js=_MENU_JS, isolate_styles=False)


def show(workspace: Workspace) -> None:
    """The sign-in page; where the demo study is, with its users and their password."""
    _, middle, _ = st.columns([1, 1.3, 1])
    with middle:
        st.title("Reader studies of lumbar spinal stenosis")
        _form(key="sign-in")
        if demo_exists(workspace):
            names = ", ".join(f"<code>{escape(name)}</code>" for name in USER_NAMES)
            write(
                f'<p class="lss-muted">Demo study, synthetic data. Sign in as {names}; '
                f"the password of each is <code>{escape(PASSWORD)}</code>.</p>"
            )
        else:
            write(
                '<p class="lss-muted">No account yet? The administrator of this server adds one: '
                "<code>python -m lss_core users add</code></p>"
            )


def menu() -> None:
    """The user's own menu: the look, and signing out."""
    _menu(key="menu")
