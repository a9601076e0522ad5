"""The frame around every page (navigation, top bar, notices) and the small pieces pages are made of.

Every template gets two names: `shell`, a `Shell`, and `view`, the view class that its first line names.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from markupsafe import Markup

if TYPE_CHECKING:
    from core.kernel.i18n import Text

Words: TypeAlias = "str | Text"
"""Something a person reads: finished text, or a translation that is resolved when it is written out."""

NOTHING = Markup()
"""No markup."""

Tone: TypeAlias = Literal["", "good", "warn", "bad", "quiet", "accent"]
"""What a colour says. Empty is the ordinary text colour."""

COLOURS = ("grey", "red", "orange", "amber", "green", "teal", "blue", "indigo", "violet", "pink")
"""The names a colour field may hold. A name, not a number: light and dark draw each in their own way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address one may go to."""

    title: Words
    url: str
    icon: str = ""  # a name of the icon sheet, see core/web/icons.py
    current: bool = False  # the page one is on
    count: str = ""  # "12", "1,000+"; a quiet number behind the title
    hint: Words = ""  # one line more, or the tooltip
    tone: Tone = ""
    external: bool = False  # leaves the application: opens beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The question before something that takes things away. Without a script the server asks it as a page."""

    title: Words  # "Delete 3 customers?"
    text: Words = ""  # one sentence
    losses: tuple[Words, ...] = ()  # what will be lost, one per line: "12 contacts", "3 open orders"
    button: Words = ""  # the verb: "Delete"; empty: the title of the button that asked
    undoable: bool = False  # says that it can be undone
    typed: str = ""  # must be typed to go on, for what cannot be undone


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something one may do. With `post` it is a small form of its own; without, a link."""

    title: Words
    url: str
    post: bool = True
    fields: tuple[tuple[str, str], ...] = ()  # hidden fields that are sent along
    icon: str = ""
    kind: Literal["plain", "primary", "danger", "quiet"] = "plain"
    confirm: Confirm | None = None
    refused: Words = ""  # why it cannot be done now; drawn disabled with the reason beside it
    shortcut: str = ""  # one key: "e"
    asks: bool = False  # it leads to a form that a script shows in a dialog


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user, as a round of initials with a name. `initials()` in core/web/cells.py makes them."""

    name: str
    initials: str = ""
    colour: int = 0  # 0 to 9, usually id % 10
    url: str = ""
    title: Words = ""  # what he is: "Head of Sales North"


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationGroup:
    """One plugin in the left navigation."""

    key: str  # remembered in the cookie `sopia_open` when one opens or closes it
    title: Words
    links: tuple[Link, ...]
    icon: str = "square"
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What just happened, shown once after a redirect: "Saved", with the button that undoes it."""

    text: Words
    tone: Tone = ""
    undo: Button | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """A line above everything that stays until its reason is gone: safe mode, acting for somebody, read-only."""

    text: Words
    tone: Tone = "warn"
    action: Button | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What every page has around it. One per request; `user` is None before sign-in."""

    locale: str = "zh-Hans"  # the `lang` of the document: "zh-Hans", "en"
    brand: str = "Sopia"
    theme: Literal["system", "light", "dark"] = "system"
    density: Literal["comfortable", "dense"] = "comfortable"
    narrow: bool = False  # the navigation shows icons only; remembered in the cookie `sopia_narrow`
    home: Link | None = None
    team: Link | None = None  # below it, for who leads one
    inbox: Link | None = None  # what waits for approval, with how many; None: nothing does
    navigation: tuple[NavigationGroup, ...] = ()
    basics: Link | None = None  # what is set up once, below the plugins
    administration: Link | None = None  # drawn at the foot of the navigation
    create: tuple[Link, ...] = ()  # the plus in the top bar: what this user may create
    user: Person | None = None
    user_links: tuple[Link, ...] = ()  # preferences, tokens, help: above "Sign out"
    unread: str = ""  # on the bell; empty: none
    notifications_url: str = "/notifications"
    search_url: str = "/search"  # a GET form with the field `q`
    palette_url: str = "/palette"  # asked by Ctrl+K; see docs in static/js/palette.js
    preferences_url: str = "/preferences"  # POST theme, density, locale
    logout_url: str = "/logout"  # POST
    notices: tuple[Notice, ...] = ()
    banners: tuple[Banner, ...] = ()
    stylesheets: tuple[str, ...] = ()  # addresses of the theme and of plugins, after our own
    scripts: tuple[str, ...] = ()  # addresses of modules of plugins


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """What a page shows instead of nothing: a ghost of the screen, a sentence that teaches, the button that starts."""

    title: Words
    text: Words = ""
    icon: str = ""
    button: Link | None = None  # "Create the first customer"; or "Clear the filters"
    second: Link | None = None  # "Import a spreadsheet"
    ghost: Literal["rows", "cards", "none"] = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """sign_in.html: the page before everything. Posts `login`, `password` and `next` to `/login`."""

    title: Words
    login: str = ""  # kept after a wrong password
    error: Words = ""
    next: str = ""
    notice: Words = ""  # "You were signed out", "Demo: admin / demo"
    methods: tuple[Link, ...] = ()  # other ways to sign in
    locales: tuple[Link, ...] = ()  # 中文 · English


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmView:
    """confirm.html: the question as a page of its own, where the script did not ask it."""

    title: Words
    confirm: Confirm
    button: Button
    back: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """error.html: what happened, why, what to do. For 403, 404, 409, 413, 422, 429, 500, 503 and being offline."""

    status: int  # 0: offline
    title: Words
    text: Words = ""
    remedy: Words = ""
    reasons: tuple[Words, ...] = ()  # one per line: the faults of a 422, the rule of a 409
    reference: str = ""  # an id that can be copied into a message to the administrator
    links: tuple[Link, ...] = field(default=())
