"""Who may sign in: `python -m lss_core users`."""

from __future__ import annotations

from typing import Annotated

import typer

from lss_core.cli.show import Json, operator, out, print_json, print_table, study_named, workspace_here
from lss_core.domain import Role

accounts = typer.Typer(no_args_is_help=True, help="Who may sign in.")

NewPassword = Annotated[
    str,
    typer.Option(
        prompt=True,
        hide_input=True,
        confirmation_prompt=True,
        envvar="LSS_NEW_PASSWORD",
        help="10 characters at least; better left out and typed when asked.",
    ),
]


@accounts.command("list")
def list_accounts(as_json: Json = False) -> None:
    """List who may sign in."""
    from lss_core.usecases.accounts import list_users

    rows = [
        {
            "name": user.name,
            "shown as": user.display_name,
            "role": ", ".join(sorted(user.held)),
            "disabled": user.disabled,
        }
        for user in list_users(workspace_here(), operator())
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Users" if rows else "No user yet. Add one: python -m lss_core users add NAME", rows)


@accounts.command("add")
def add_account(
    name: Annotated[str, typer.Argument(help="What the user signs in with.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    password: NewPassword,
    shown_as: Annotated[str, typer.Option(help="The name on pages; else the sign-in name.")] = "",
    study: Annotated[str, typer.Option(help="The study he gets the role in; else 'My study'.")] = "",
    in_panel: Annotated[bool, typer.Option(help="Whether a reader votes in the reference.")] = True,
) -> None:
    """Add a user; everybody but an administrator gets his role in one study."""
    from lss_core.usecases.users import add_user

    workspace = workspace_here()
    added = add_user(
        workspace,
        operator(),
        name=name,
        display_name=shown_as or name,
        role=role,
        password=password,
        study_id=study_named(workspace, study) if study else None,
        in_panel=in_panel,
    )
    out.print(f"{added.name} may sign in as {added.role}.")


@accounts.command("invite")
def invite_somebody(
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    study: Annotated[str, typer.Option(help="The study he gets the role in; else in none yet.")] = "",
    note: Annotated[str, typer.Option(help="For whom it is, in your own words.")] = "",
    in_panel: Annotated[bool, typer.Option(help="Whether a reader votes in the reference.")] = True,
    days: Annotated[int, typer.Option(min=1, max=90, help="How long the link is good.")] = 7,
) -> None:
    """Print the end of a link that makes one account; put it behind the server's address."""
    from lss_core.usecases.people import invite

    workspace = workspace_here()
    chosen = study_named(workspace, study) if study else None
    made = invite(workspace, operator(), chosen, role, note=note, in_panel=in_panel, days=days)
    out.print(f"/#join={made.token}\nGood until {made.expires_at:%Y-%m-%d %H:%M} UTC, once.", soft_wrap=True)


@accounts.command("link")
def link_account(
    name: str,
    issuer: Annotated[str, typer.Option(help="The provider's issuer; left out: no more.")] = "",
    subject: Annotated[str, typer.Option(help="The user's subject there.")] = "",
) -> None:
    """Let an account sign in by OpenID Connect."""
    from lss_core.usecases.accounts import link_subject

    if bool(issuer) != bool(subject):
        raise typer.BadParameter("name both --issuer and --subject, or neither")
    link_subject(workspace_here(), operator(), name, f"{issuer} {subject}" if issuer else None)
    out.print(f"{name} {'may sign in there' if issuer else 'signs in here alone'}.")


@accounts.command("password")
def change_password(name: str, password: NewPassword) -> None:
    """Give a user another password and end his sign-ins."""
    from lss_core.usecases.accounts import set_password

    set_password(workspace_here(), operator(), name, password)
    out.print(f"{name} has a new password.")


@accounts.command("disable")
def disable_account(name: str) -> None:
    """Close an account: its sign-ins end at once, and what it has done stays."""
    from lss_core.usecases.accounts import disable_user

    disable_user(workspace_here(), operator(), name)
    out.print(f"{name} can no longer sign in.")


@accounts.command("enable")
def enable_account(name: str) -> None:
    """Open a closed account again."""
    from lss_core.usecases.accounts import enable_user

    enable_user(workspace_here(), operator(), name)
    out.print(f"{name} may sign in again.")


@accounts.command("remove")
def remove_account(name: str) -> None:
    """Remove an account that has never done anything; any other is disabled."""
    from lss_core.usecases.accounts import remove_user

    remove_user(workspace_here(), operator(), name)
    out.print(f"{name} is removed.")
