"""`sopia token`: what programs use the API with."""

from __future__ import annotations

import click

from core.kernel.errors import Conflict
from core.kernel.i18n import translate as _


@click.group()
def token() -> None:
    """Create tokens for programs that use the API."""


@token.command()
@click.option("--user", "login", required=True, help="Whose access the program has, by login.")
@click.option("--read-only", is_flag=True, help="The program may read, but change nothing.")
@click.option("--days", type=click.IntRange(min=1), help="How long it holds; without this, until it is revoked.")
@click.option("--name", default="sopia token create", help="What the token is for, as its owner's list shows it.")
def create(login: str, read_only: bool, days: int | None, name: str) -> None:
    """Print a new token, and nothing else, on standard output."""
    from sqlalchemy import select

    from core.cli.installation import writing
    from core.kernel.tokens import create_token
    from core.kernel.users import User

    with writing("sopia token create") as session:
        user_id = session.scalars(
            select(User.id).where(User.login == login, User.active, User.deleted_at.is_(None))
        ).first()
        if user_id is None:
            raise Conflict(
                _("There is nobody who may sign in as '{login}'.", login=login),
                _("Add the person with: sopia user add {login}", login=login),
            )
        made = create_token(session.connection(), user_id, name, read_only=read_only, days=days)
    click.echo(made)
