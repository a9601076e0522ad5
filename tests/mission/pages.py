"""Pages as somebody without scripts has them: what is to be read, links to follow, and forms to fill in and send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mission.company import Person

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
UNREAD = frozenset("script style template svg datalist".split())
BLOCKS = frozenset("p div li tr td th dt dd h1 h2 h3 section header button a option summary label small span".split())


@dataclass
class Node:
    """An element of a page."""

    tag: str
    attributes: Mapping[str, str]
    above: Node | None = field(default=None, repr=False)
    inside: list[Node | str] = field(default_factory=list, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    def walk(self, *tags: str) -> Iterator[Node]:
        """The elements in it, in their order; what only scripts take from it is left out."""
        for child in self.inside:
            if isinstance(child, Node):
                if not tags or child.tag in tags:
                    yield child
                if child.tag != "template":
                    yield from child.walk(*tags)

    @property
    def text(self) -> str:
        """What is to be read in it, with one space between words."""
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> Iterator[str]:
        for child in self.inside:
            if isinstance(child, str):
                yield child
            elif child.tag not in UNREAD:
                between = " " if child.tag in BLOCKS else ""
                yield between
                yield from child._pieces()
                yield between

    def around(self, *tags: str) -> Node | None:
        """The nearest element with one of these tags that it stands in."""
        node = self.above
        while node is not None and node.tag not in tags:
            node = node.above
        return node


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Node("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.inside.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.inside.append(Node(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self.here
        while node is not None and node.tag != tag:
            node = node.above
        if node is not None and node.above is not None:
            self.here = node.above

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)


def read(html: str) -> Node:
    """The elements of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.root


class Page:
    """A page that somebody has before him."""

    def __init__(self, person: Person, url: str, html: str, status: int = 200) -> None:
        self.person, self.url, self.html, self.status = person, url, html, status
        self.root = read(html)

    @property
    def path(self) -> str:
        """Where it is, without its query."""
        return self.url.partition("?")[0]

    @property
    def id(self) -> int:
        """The id of the record whose page it is."""
        return int(self.path.rpartition("/")[2])

    @property
    def main(self) -> Node:
        """What stands between the menu and the foot."""
        return next(self.root.walk("main"), self.root)

    @property
    def text(self) -> str:
        """What is to be read in its main part."""
        return self.main.text

    @property
    def menu(self) -> dict[str, str]:
        """The words of the menu with their addresses."""
        return {link.text: link["href"] for nav in self.root.walk("nav") for link in nav.walk("a")}

    def says(self, *words: str) -> None:
        """Whether all of this is to be read on it."""
        missing = [word for word in words if word not in self.text]
        assert not missing, f"{self.url} does not say {missing}: {self.text}"

    def hides(self, *words: str) -> None:
        """Whether none of this stands anywhere in it, to be read or not."""
        there = [word for word in words if word in self.html]
        assert not there, f"{self.url} tells of {there}"

    def link(self, text: str) -> str:
        """The address behind a link with this text, or with this text and a count."""
        links = [each for each in self.root.walk("a") if re.fullmatch(rf"(\d+ )?{re.escape(text)}( \d+)?", each.text)]
        assert links, f"{self.url} has no link '{text}': {[each.text for each in self.main.walk('a')]}"
        return links[-1]["href"]

    def follow(self, text: str) -> Page:
        """Follow the link with this text."""
        return self.person.open(self.link(text))

    def panel(self, title: str) -> Node:
        """The part of the page with this heading; where it is only counted there, as the link in it shows it."""
        for heading in self.main.walk("h1", "h2", "h3"):
            if heading.text == title or re.fullmatch(rf"{re.escape(title)} \d+\S*", heading.text):
                found = heading.around("section", "aside") or self.main
                later = [link["href"] for link in found.walk("a") if "whole=1" in link["href"]]
                return self.person.open(f"{self.path}?whole=1").panel(title) if later else found
        raise AssertionError(f"{self.url} has no part '{title}': {[each.text for each in self.main.walk('h2')]}")

    def rows(self) -> list[list[str]]:
        """The lines of its tables, without their heads and feet."""
        bodies = [body for table in self.main.walk("table") for body in table.walk("tbody")]
        return [[cell.text for cell in row.walk("td", "th")] for body in bodies for row in body.walk("tr")]

    def row(self, word: str) -> list[str]:
        """The one line that has this in one of its cells."""
        found = [cells for cells in self.rows() if any(word in cell for cell in cells)]
        assert len(found) == 1, f"{self.url} has {len(found)} lines with '{word}': {self.rows()}"
        return found[0]

    def fact(self, title: str) -> str:
        """What stands beside a name of the record's facts."""
        for term in self.main.walk("dt"):
            if term.text == title and term.above is not None:
                told = next(term.above.walk("dd"))
                told.inside = [
                    each
                    for each in told.inside
                    if isinstance(each, str) or each.tag != "a" or "fact-edit" not in each["class"]
                ]
                return told.text
        raise AssertionError(f"{self.url} tells nothing of '{title}': {[each.text for each in self.main.walk('dt')]}")

    def form(self, holds: str = "", to: str = "") -> Form:
        """The form with a field of this name, or that goes to an address that ends like this."""
        for form in self.main.walk("form"):
            names = {node["name"] for node in form.walk("input", "select", "textarea", "button")}
            if (not holds or {holds, f"{holds}__label"} & names) and form["action"].endswith(to):
                return Form(self, form)
        raise AssertionError(f"{self.url} has no form with '{holds}' to '{to}'")

    def press(self, text: str, *, refused: int = 0) -> Page:
        """Press the button, or follow the link that looks like one, with this text."""
        for node in self.main.walk("button", "a"):
            if node.text == text and "disabled" not in node.attributes:
                if node.tag == "a":
                    return self.person.open(node["href"])
                around = node.around("form")
                assert around is not None, f"'{text}' on {self.url} is for scripts only"
                return Form(self, around).submit(text, refused=refused)
        every = [each.text for each in self.main.walk("button", "a")]
        raise AssertionError(f"{self.url} has no button '{text}': {every}")

    def offers(self, text: str) -> bool:
        """Whether there is such a button or link."""
        return any(each.text == text and "disabled" not in each.attributes for each in self.main.walk("button", "a"))


class Form:
    """A form of a page, as it was sent by the server, to be filled in."""

    def __init__(self, page: Page, node: Node) -> None:
        self._page, self._node = page, node
        self._values: list[tuple[str, str]] = []
        self._files: list[tuple[str, str, bytes]] = []
        for control in node.walk("input", "select", "textarea"):
            if control["name"] and "disabled" not in control.attributes:
                self._values += _initial(control)

    @property
    def values(self) -> dict[str, str]:
        """What would be sent, the last where several have one name."""
        return dict(self._values)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What would be sent, one pair for each control."""
        return list(self._values)

    def options(self, name: str) -> list[str]:
        """The texts that a select or the ticks of this name offer."""
        ticks = [each.above for each in self._controls(name) if each["type"] in ("radio", "checkbox")]
        chosen = [option for each in self._controls(name) for option in each.walk("option")]
        return [each.text for each in [*chosen, *ticks] if each is not None and each.text]

    def fill(self, **values: str | bool | tuple[str, ...]) -> Form:
        """Type, choose or tick: by the name of the field, with the text that somebody would see in it."""
        for name, value in values.items():
            known = any(self._controls(each) for each in (name, f"{name}__label"))
            self._put(name if known else name.replace("__", "."), value)
        return self

    def row(self, name: str, **values: str) -> Form:
        """Fill in a new row of rows."""
        number = int(self.values[f"{name}-count"])
        (template,) = [each for each in self._node.walk("template") if _holds_rows(each, name)]
        self._drop(f"{name}-count")
        self._values.append((f"{name}-count", str(number + 1)))
        new = {
            each["name"].replace(f"{name}-__", f"{name}-{number}", 1)
            if each["name"].startswith(f"{name}-__")
            else f"{name}-{number}-{each['name']}": each
            for each in template.walk("input", "select", "textarea")
            if each["name"]
        }
        for key, control in new.items():
            renamed = Node(control.tag, {**control.attributes, "name": key}, inside=control.inside)
            self._values += _initial(renamed)
        for cell, value in values.items():
            key = f"{name}-{number}-{cell}"
            wanted = f"{key}__label" if f"{key}__label" in new else key
            assert wanted in new, f"{self._page.url} has no '{key}' in the rows: {sorted(new)}"
            self._drop(wanted)
            self._values.append((wanted, _chosen(new[wanted], value)))
        return self

    def attach(self, name: str, filename: str, content: bytes) -> Form:
        """Choose a file."""
        assert self._controls(name), f"{self._page.url} has no field '{name}' for a file"
        self._files.append((name, filename, content))
        return self

    def submit(self, button: str = "", *, refused: int = 0) -> Page:
        """Press its button, or the first one; `refused` is the status with which it must come back."""
        buttons = [each for each in self._node.walk("button") if each["type"] != "button"]
        pressed = next((each for each in buttons if not button or each.text == button), None)
        assert pressed is not None, (
            f"{self._page.url} has no button '{button}' in the form: {[b.text for b in buttons]}"
        )
        sent = [*self._values, *([(pressed["name"], pressed["value"])] if pressed["name"] else [])]
        url = pressed["formaction"] or self._node["action"] or self._page.url
        if self._node["method"].lower() != "post":
            return self._page.person.open(url, sent, refused=refused)
        return self._page.person.post(url, sent, files=self._files, refused=refused)

    def _controls(self, name: str) -> list[Node]:
        return [each for each in self._node.walk("input", "select", "textarea") if each["name"] == name]

    def _drop(self, name: str) -> None:
        self._values = [pair for pair in self._values if pair[0] != name]

    def _put(self, name: str, value: str | bool | tuple[str, ...]) -> None:
        typed = self._controls(f"{name}__label")
        controls = typed or self._controls(name)
        every = sorted({key for key, _value in self._values})
        assert controls, f"{self._page.url} has no field '{name}': {every}"
        if typed:
            # Without scripts the hidden field keeps its old value, and the text that was typed says what is meant.
            self._drop(name)
            self._drop(f"{name}__label")
            self._values += [(name, ""), (f"{name}__label", str(value))]
            return
        hidden = [pair for pair in map(_hidden, controls) if pair]
        self._drop(name)
        if isinstance(value, bool):
            ticked = [each["value"] or "on" for each in controls if each["type"] == "checkbox"]
            self._values += [*hidden, *((name, each) for each in ticked if value)]
            return
        for each in value if isinstance(value, tuple) else (value,):
            self._values.append((name, _one_of(controls, each)))


def _hidden(control: Node) -> tuple[str, str] | None:
    return (control["name"], control["value"]) if control["type"] == "hidden" else None


def _holds_rows(template: Node, name: str) -> bool:
    return any(each["name"].startswith(f"{name}-__") for each in template.walk("input", "select", "textarea"))


def _initial(control: Node) -> list[tuple[str, str]]:
    """What a control sends that nobody has touched."""
    name = control["name"]
    if control.tag == "select":
        options = list(control.walk("option"))
        chosen = [each for each in options if "selected" in each.attributes] or options[:1]
        return [(name, each.attributes.get("value", each.text)) for each in chosen]
    if control.tag == "textarea":
        return [(name, "".join(str(piece) for piece in control.inside).removeprefix("\n"))]
    if control["type"] in ("checkbox", "radio"):
        return [(name, control["value"] or "on")] if "checked" in control.attributes else []
    return [] if control["type"] in ("file", "submit", "button") else [(name, control["value"])]


def _one_of(controls: list[Node], value: str) -> str:
    """What is sent when somebody types a text into one of these controls, or chooses it."""
    ticks = [each for each in controls if each["type"] in ("radio", "checkbox")]
    for each in ticks:
        if value in (each["value"], each.above.text if each.above else ""):
            return each["value"]
    assert not ticks, f"there is nothing to tick for '{value}': {[each.above.text for each in ticks if each.above]}"
    return _chosen(controls[-1], value)


def _chosen(control: Node, value: str) -> str:
    if control.tag != "select":
        return value
    offered = {each.text: each.attributes.get("value", each.text) for each in control.walk("option")}
    found = offered.get(value, value)
    assert found in offered.values(), f"'{control['name']}' offers no '{value}': {list(offered)}"
    return found
