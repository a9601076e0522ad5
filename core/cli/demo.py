"""`sopia demo`: a lively company to try things with, and its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.platform import Platform

CUSTOMERS = 200
"""Customers of the demo company where nothing is said."""


@click.command()
@click.option("--customers", default=CUSTOMERS, show_default=True, type=click.IntRange(1, 5_000_000), help="How many.")
@click.option("--seed", default=1, show_default=True, help="The same number makes the same company.")
@click.option("--remove", is_flag=True, help="Take the demo data out again.")
def demo(customers: int, seed: int, remove: bool) -> None:
    """Fill the installation with removable demo data."""
    from core.cli.installation import opened
    from core.workplace import demo as workplace

    with opened(new=not remove) as platform:
        if remove:
            count = workplace.remove(platform.database, platform.above)
            click.echo(_("{count} demo records were removed.", count=count))
            return
        count = fill(platform, customers, seed)
        click.echo(_("{count} demo records were made.", count=count))
        click.echo(sign_in_hint())


def fill(platform: Platform, customers: int = CUSTOMERS, seed: int = 1) -> int:
    """Make the demo company in the language of the installation."""
    from core.kernel.i18n import activate
    from core.workplace import demo as workplace

    with activate(platform.catalogues, platform.settings.locale):
        given = (platform.database, platform.registry, platform.above)
        return workplace.make(*given, size=customers, seed=seed, storage=platform.storage)


def sign_in_hint() -> str:
    """How to sign in as one of the demo people."""
    from core.workplace.demo import PASSWORD, PEOPLE

    logins = ", ".join(login for login, *_rest in PEOPLE[1:4])
    return str(_("Sign in as {logins} or another, password {password}.", logins=logins, password=PASSWORD))
