"""What a reader has set for himself, kept on the server so that it is there on every computer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lss_core.errors import SettingsError
from lss_core.store import audit, people
from lss_core.texts import later
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

ACTIONS = (
    "grade0", "grade1", "grade2", "grade3", "not_gradable", "present", "absent", "score", "comment",
    "quality", "keep", "next_open", "remaining", "submit", "mark_level", "next_viewport", "alone", "lines",
    "zoom_in", "zoom_out", "reset", "scheme", "screen",
)  # fmt: skip
"""What a key may be set for, by name."""

FIXED_KEYS = frozenset(
    {"?", "Escape", "Tab", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown"}
)
"""Keys that mean the same for everybody."""

SWITCHES = ("onward", "lines", "beside")
"""What is on or off: on to the next site after an answer, lines of other slices, the grid beside them."""

VIEWPORTS = ("sagittal_t1", "sagittal_t2", "axial_t2")
PRESETS = 5


def preferences_of(workspace: Workspace, user: User) -> dict[str, Any]:
    """{"keys": {action: key}, "switches": {name: bool}, "windows": {viewport: preset}}, where set."""
    with workspace.store.read() as tx:
        return dict(people.preferences(tx, user.id).get("reading", {}))


def set_preferences(workspace: Workspace, user: User, chosen: Mapping[str, Any]) -> None:
    """Keep what a reader has set; the whole of it at once. Raises SettingsError for what cannot be set."""
    checked = {
        "keys": _checked_keys(chosen.get("keys", {})),
        "switches": _checked(chosen.get("switches", {}), SWITCHES, bool),
        "windows": _checked(chosen.get("windows", {}), VIEWPORTS, int),
    }
    if any(not 0 <= preset < PRESETS for preset in checked["windows"].values()):
        raise _refused(later("there is no such window"))
    now = workspace.now()
    with workspace.store.write() as tx:
        people.set_preferences(tx, user.id, {**people.preferences(tx, user.id), "reading": checked})
        audit.record(tx, at=now, actor=user.id, act="preferences.set", subject=user.id)


def _checked_keys(given: Any) -> dict[str, str]:
    keys = _checked(given, ACTIONS, str)
    if any(key in FIXED_KEYS or not 0 < len(key) <= 20 for key in keys.values()):
        raise _refused(later("this key cannot be set"))
    if len(set(keys.values())) < len(keys):
        raise _refused(later("one key is set for two things"))
    return keys


def _checked(given: Any, names: tuple[str, ...], kind: type) -> dict[str, Any]:
    if not isinstance(given, Mapping) or any(
        name not in names or type(value) is not kind for name, value in given.items()
    ):
        raise _refused(later("it is not understood"))
    return dict(given)


def _refused(reason: str) -> SettingsError:
    return SettingsError("Preferences", reason=reason, remedy="Choose another")
