"""`sopia init`: an installation without serving it."""

from __future__ import annotations

import click

from core.kernel.i18n import translate as _


@click.command()
def init() -> None:
    """Make the database and the first administrator, without serving."""
    from core.cli.installation import opened

    with opened(new=True) as platform:
        place = platform.database.url.render_as_string(hide_password=True)
        click.echo(_("The installation is ready: {place}", place=place))
