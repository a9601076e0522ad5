"""How fast rough rows become records: reading, judging, duplicates, history and search index, all of it.

`python -m bench.imports --rows 100000` makes a rough file of its own and brings it into a new installation; the file
has about two per cent of repeated firms and one per cent of faults. Only rows that were committed are counted.
A machine that is busy with other things slows the rows of a second, and hardly those of a second of the processor.
"""

from __future__ import annotations

import argparse
import csv
import gc
import logging
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from bench import measure
from bench.company import BRANDS, CITIES, FORMS, SYLLABLES, TRADES
from core.assembly import assemble
from core.cli.installation import set_up_log
from core.kernel.access import load_principal
from core.kernel.platform import Platform
from core.kernel.settings import Settings
from core.kernel.users import User
from core.resources.importing.imports import Imports
from core.resources.importing.kept import Import

HEADER: Final = (
    "客户名称", "客户类型", "联系人", "手机", "电话", "地区", "地址", "来源", "信用额度", "应收期限(天)", "最近联系", "备注",
)  # fmt: skip
TYPES: Final = ("初次客户", "意向客户", "潜在客户", "正式客户")
SOURCES: Final = ("展会", "转介绍", "网站", "电话营销", "老客户", "广告")
SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
GIVEN: Final = "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平 桂英 建国 志强 晓东 雨桐 欣怡".split()
LATEST: Final = date(2026, 11, 20)


def rough_rows(count: int, seed: int = 1) -> Iterator[list[str]]:
    """Customers as real files have them: dates, amounts and telephones in several ways, repeated firms, faults."""
    chance = random.Random(seed)
    latest: list[list[str]] = []
    for number in range(count):
        if latest and chance.random() < 0.02:
            yield _repeated(chance, chance.choice(latest))
            continue
        row = _row(chance, number)
        latest = [*latest[-199:], row]
        yield row


def _row(chance: random.Random, number: int) -> list[str]:
    city = chance.choice(CITIES)
    brand = chance.choice(BRANDS) + chance.choice(BRANDS) + chance.choice(SYLLABLES).upper() + f"{number:x}"
    name = f"{city}{chance.choice(('', '市'))}{brand}{chance.choice(TRADES)}{chance.choice(FORMS)}"
    day = LATEST - timedelta(days=int(chance.expovariate(1 / 90)))
    days = (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
    )
    limit = chance.choice((5_000, 20_000, 50_000, 200_000, 1_000_000))
    amounts = (str(limit), f"￥{limit:,}.00", f"{limit / 10_000:g}万")
    mobile = f"13{chance.randrange(10**9):09d}"
    mobiles = (mobile, f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}", f"+86-{mobile}")
    row = [
        name, chance.choice(TYPES), chance.choice(SURNAMES) + chance.choice(GIVEN), chance.choice(mobiles),
        f"0{chance.randrange(10, 999)}-{chance.randrange(10**7, 10**8)}", city,
        f"{city}市{chance.choice(('中山', '人民', '解放', '建设'))}路{chance.randrange(1, 999)}号", chance.choice(SOURCES),
        chance.choice(amounts), str(chance.choice((0, 15, 30, 60))), chance.choice(days), "",
    ]  # fmt: skip
    if chance.random() < 0.05:
        row[11] = chance.choice(('客户说"下月再谈"', "含,逗号", "第一行\n第二行", "=1+1"))
    if chance.random() < 0.01:
        place, fault = chance.choice(((10, "2026-02-30"), (8, "面议"), (0, "")))
        row[place] = fault
    return row


def _repeated(chance: random.Random, row: list[str]) -> list[str]:
    """A firm that was there before, written in another way."""
    wide = str.maketrans({chr(letter): chr(letter + 0xFEE0) for letter in range(0x21, 0x7F)})
    ways = (row[0], f" {row[0]} ", row[0].translate(wide), row[0].replace("有限公司", "（有限）公司"))
    return [chance.choice(ways), *row[1:]]


def write_file(path: Path, rows: int, encoding: str) -> None:
    """A rough file as a spreadsheet program saves it."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rough_rows(rows))


def bring(platform: Platform, path: Path) -> tuple[Import, float, float]:
    """The import of a file after its run, the seconds that it took, and those of this process's processor."""
    with platform.database.transaction(write=False) as connection:
        principal = load_principal(
            connection, connection.execute(select(User.id).order_by(User.id)).scalars().first() or 0
        )
    imports = Imports(platform)
    begun, used = time.perf_counter(), _processor()
    with path.open("rb") as file:
        brought = imports.bring(principal, platform.above["customers.customer"], file, path.name, "command")
    done = imports.run(brought.id, brought.user_id)
    return done, time.perf_counter() - begun, _processor() - used


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """The most memory that this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def main() -> None:
    """Make the file and the installation, import, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="how many rows the file has")
    parser.add_argument("--encoding", default="gb18030", help="of the file that is made")
    parser.add_argument(
        "--database-url", default="", help="an empty database; without it, SQLite in a folder that goes"
    )
    parser.add_argument("--file", type=Path, help="bring this file instead of making one")
    given = parser.parse_args()
    set_up_log(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        path = given.file
        if path is None:
            path = Path(folder) / "customers.csv"
            write_file(path, given.rows, given.encoding)
        told = {"database_url": given.database_url} if given.database_url else {}
        os.environ.setdefault("SOPIA_ADMIN_PASSWORD", "measured-with-care")
        platform = assemble(Settings.load(data_dir=Path(folder), **told))
        gc.freeze()  # as servers and commands do with what they have loaded
        try:
            before, standing = measure.Load.now(), _peak()
            done, wall, used = bring(platform, path)
            foreign = before.foreign_until(measure.Load.now())
        finally:
            platform.close()
    print(measure.machine())
    print(f"{done.rows_done} rows: {done.created} created, {done.duplicates} duplicates, {done.faulty} with a fault")
    rows = [
        ("rows per second", done.created / wall),
        ("rows per second of the processor", done.created / used),
        ("seconds", wall),
        ("seconds of the processor", used),
        ("peak of memory, MB", _peak()),
        ("of which before the import, MB", standing),
        ("processors used by others, %", foreign * 100),
    ]
    print(measure.table(("committed rows", ""), rows))


if __name__ == "__main__":
    main()
