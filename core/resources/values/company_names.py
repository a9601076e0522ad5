"""The key by which two spellings of a company's name are found to be the same firm.

It must join what people write differently (spaces, widths, 北京市 or 北京, a remark in brackets, the legal form) and
keep apart what only looks alike (the group and its subsidiary, the branch, the sister company of another city).
"""

from __future__ import annotations

import re
from unicodedata import normalize

from core.resources.values.places import CITIES, PROVINCES, REGIONS

_BRACKETS = {**dict.fromkeys(map(ord, "[{【〔〖<《「『"), "("), **dict.fromkeys(map(ord, "]}】〕〗>》」』"), ")")}
_BRACKETED = re.compile(r"\(([^()]*)\)")
_OPEN_REMARK = re.compile(r"\([^()]*\Z")
_NO_LETTER = re.compile(r"[^\w+]|_")

_REMARK = re.compile(
    r"(?:总部|总公司|本部|总店|母公司|集团总部|中国总部|新|旧|老|[新老]客户|重复|待定|重点|重要|停用|已?注销|已?停业|vip"
    r"|原.*|曾用名.*|hq|headquarters?|head office|main office)"
)
"""Words in brackets that are never part of a registered name."""

_OWN_FIRM = re.compile(
    r"分公司|子公司|支公司|分店|分厂|分部|分行|支行|分院|分校|办事处|营业部|事业部|项目部|服务部|合伙|[店厂省市县区州]\Z"
)
"""Words in brackets behind the legal form that make another firm of it, or another legal one."""

_ENDS_IN_FORM = re.compile(r"(?:公司|\b(?:ltd|limited|inc|llc|gmbh|corp|corporation))[\s.,]*\Z")

_LIMITED = re.compile(r"有限责任公司|责任有限公司")
_FORM = re.compile(r"(?:股份有限公司|股份公司|有限公司|(?<![分子总支母])公司)\Z")

_DOTTED = re.compile(r"\b(\w)\.(?=\w\b)")
_WORD = re.compile(r"[\w+]+")
_LATIN_FORMS = frozenset(
    """
    co company ltd limited inc incorporated corp corporation llc llp lp plc pte pty pvt private sdn bhd
    gmbh ag kg ohg ug se sa sas sarl srl spa bv nv oy oyj ab aps as asa kk jsc ooo and
    """.split()
)

_CITY_SIGN, _PROVINCE_SIGN = "市", "省"
_NOT_A_CITY_SIGN = frozenset("场政区容")
"""After 北京, the 市 of 市场 (market) or 市政 (public works) belongs to the next word."""

_LONGEST_CITY = 5


def normalise_name(name: str) -> str:
    """A key that is equal for spellings of one company's name and differs between companies; "" for no name.

    - Widths and case are folded (NFKC, casefold); spaces and punctuation go, "&" is "and", "+" stays.
    - Brackets: a remark (总部, 原…, VIP) goes wherever it stands; so does anything behind the legal form unless it
      names another firm (分公司, a city, 有限合伙). Other brackets only lose their signs: 华为（北京）技术 keeps 北京.
    - 市 and 省 go behind a known leading place: 北京市云图 is 北京云图, but 北京市政建设 and 城市印象 stay as they are.
    - The legal form goes: 有限公司, 有限责任公司, 股份有限公司; Co., Ltd., Inc., GmbH. The register does not admit two
      firms of one place that differ in nothing else, and people leave the form out. 集团 stays, because a group and its
      subsidiary are two firms; 分公司 stays with all before it.
    """
    folded = normalize("NFKC", name).casefold().strip()
    if not folded.isalnum():
        folded = _without_remarks(folded.translate(_BRACKETS))
        if folded and _is_latin(folded[-1]):
            folded = _without_latin_form(folded)
        folded = _NO_LETTER.sub("", folded)
    elif folded.isascii():
        return folded
    return _without_chinese_form(_without_signs_of_place(folded))


def _is_latin(letter: str) -> bool:
    return letter < "\u2e80"


def _without_remarks(name: str) -> str:
    if "(" not in name:
        return name
    name = _OPEN_REMARK.sub("", name) or name

    def kept(bracket: re.Match[str]) -> str:
        content = bracket[1].strip()
        if _REMARK.fullmatch(content):
            return " "
        behind_form = _ENDS_IN_FORM.search(name, 0, bracket.start())
        names_a_firm = _OWN_FIRM.search(content) or content in CITIES or content in PROVINCES
        return f" {content} " if names_a_firm or not behind_form else " "

    return _BRACKETED.sub(kept, name).strip() or name


def _without_latin_form(name: str) -> str:
    words = _WORD.findall(_DOTTED.sub(r"\1", name.replace("&", " and ")))
    count = len(words)
    while count > 1 and words[count - 1] in _LATIN_FORMS:
        count -= 1
    return "".join(words[:count])


def _without_signs_of_place(name: str) -> str:
    head = ""
    for region, short in REGIONS.items() if "自治区" in name else ():
        if name.startswith(region):
            head, name = short, name[len(region) :]
    at = name.find(_PROVINCE_SIGN, 2, 4)
    if at > 0 and name[:at] in PROVINCES:
        head, name = name[:at], name[at + 1 :]
    at = name.find(_CITY_SIGN, 2, _LONGEST_CITY + 1)
    if at > 0 and name[:at] in CITIES and name[at + 1 : at + 2] not in _NOT_A_CITY_SIGN and len(name) > at + 1:
        name = name[:at] + name[at + 1 :]
    return head + name


def _without_chinese_form(name: str) -> str:
    if "公司" not in name:
        return name
    name = _LIMITED.sub("有限公司", name)
    return _FORM.sub("", name) or name
