"""What people type and files hold is read as it was meant, or refused with a sentence that says what to write."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.types import Money
from core.resources import values
from core.resources.values import ValueFault

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MARCH_5 = dt.date(2026, 3, 5)


def refusal(read, value, *arguments) -> str:
    with pytest.raises(ValueFault) as caught:
        read(value, *arguments)
    return str(caught.value)


class TestText:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("云图科技", "云图科技"),
            ("  云图　 科技 ", "云图 科技"),
            ("ＡＢＣ－１２３", "ABC-123"),
            ("云图科技（总部）", "云图科技（总部）"),
            ("Cafe\u0301", "Café"),
            ("两行\n名称", "两行 名称"),
            ("\ufeff云\u200b图\u202a", "云图"),
            ("👨\u200d👩\u200d👧 一家", "👨\u200d👩\u200d👧 一家"),
            (12.0, "12"),
            (13912345678.0, "13912345678"),
            (0.1 + 0.2, "0.3"),
            (True, "TRUE"),
            (MARCH_5, "2026-03-05"),
            ("", ""),
            (None, ""),
            (" \u3000 ", ""),
        ],
    )
    def test_text_is_one_tidy_line(self, written, read):
        assert values.text(written) == read

    @pytest.mark.parametrize("broken", ["a\x00b", "a\ud800b", "a\x07b", "a\x1b[31mb", "a\x9fb", "a\uffffb", "云�图"])
    def test_text_refuses_what_is_no_character(self, broken):
        for read in (values.text, values.long_text):
            message = refusal(read, broken)
            message.encode()
            assert "\x00" not in message
            assert "\x1b" not in message

    def test_text_that_is_too_long_names_both_lengths(self):
        message = refusal(values.text, "云" * 1_000_000, 100)
        assert "1000000" in message
        assert "100" in message
        assert len(message) < 200

    def test_long_text_keeps_its_lines_and_its_own_spaces(self):
        assert values.long_text("\n第一行 \r\n\r\n  第二行：ＡＢ\r第三行\n\n") == "第一行\n\n  第二行：ＡＢ\n第三行"
        assert values.long_text("a\tb") == "a\tb"
        assert values.long_text(" \n ") == ""

    @given(st.text(max_size=60))
    def test_tidy_text_stays_as_it_is(self, written):
        for read in (values.text, values.long_text):
            try:
                once = read(written)
            except ValueFault as fault:
                str(fault).encode()
            else:
                assert read(once) == once
                once.encode()


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("0", 0),
            ("１２", 12),
            ("1,234,567", 1234567),
            ("12.0", 12),
            (12.0, 12),
            ("-5", -5),
            ("(5)", -5),
            ("30天", 30),
        ],
    )
    def test_whole_numbers_are_read_in_every_style(self, written, read):
        assert values.integer(written, units=("天",)) == read

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("1234.5", "1234.5"),
            ("1,234.50", "1234.50"),
            ("12 000,50", "12000.50"),
            ("12\u00a0000\u00a0000", "12000000"),
            ("1.234.567,89", "1234567.89"),
            ("1.234.567", "1234567"),
            ("1'234.5", "1234.5"),
            (".5", "0.5"),
            ("−3", "-3"),
            (0.1 + 0.2, "0.3"),
            (Decimal("2.5"), "2.5"),
        ],
    )
    def test_decimals_are_exact(self, written, read):
        assert values.decimal(written) == Decimal(read)

    @pytest.mark.parametrize(
        "written",
        [
            "面议",
            "12,50",
            "1,23,456",
            "12,3456",
            "1 234,567",
            "1e5",
            "nan",
            "inf",
            "--5",
            "(-5)",
            "½",
            "٣",
            "1.2.3",
            "0x10",
        ],
    )
    def test_what_is_no_number_or_two_is_refused_with_the_value(self, written):
        assert f'"{written}"' in refusal(values.decimal, written)

    @pytest.mark.parametrize(
        "written", [float("nan"), float("inf"), Decimal("NaN"), Decimal("1E+999999"), True, MARCH_5]
    )
    def test_cells_that_hold_no_finite_number_are_refused(self, written):
        for read in (values.decimal, values.integer, values.money, values.percent):
            refusal(read, written)

    def test_ranges_and_decimals_are_held(self):
        assert "from 0 to 100" in refusal(values.integer, "101", 0, 100)
        assert "whole number" in refusal(values.integer, "1.5")
        assert "more than 2 digits" in refusal(values.decimal, "1.005", 2)
        assert values.decimal("1.5000000000", 2) == Decimal("1.5")
        refusal(values.integer, "9" * 25)
        refusal(values.decimal, "9" * 5000)

    @pytest.mark.parametrize(("written", "read"), [("30%", "30"), ("３０ ％", "30"), ("30", "30"), ("12.5%", "12.5")])
    def test_percentages_are_points(self, written, read):
        assert values.percent(written) == Decimal(read)

    def test_percentages_beyond_their_range_are_refused(self):
        refusal(values.percent, "101%")
        refusal(values.percent, "%")
        assert values.percent("150%", 2, 0, 1000) == 150

    @given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
    def test_written_decimals_are_read_back(self, number):
        assert values.decimal(values.decimal_text(number)) == number


class TestMoney:
    @pytest.mark.parametrize(
        ("written", "minor"),
        [
            ("￥12,000.00", 1_200_000),
            ("¥1,200", 120_000),
            ("5万", 5_000_000),
            ("1.2亿", 12_000_000_000),
            ("0.5万元", 500_000),
            ("12 000,50", 1_200_050),
            ("RMB 300", 30_000),
            ("人民币：300元整", 30_000),
            ("3000元", 300_000),
            ("￥１，２００．５０", 120_050),
            ("(1,200.00)", -120_000),
            ("（￥50）", -5_000),
            ("-¥50", -5_000),
            ("¥-50.5", -5_050),
            ("5w", 5_000_000),
            ("20k", 2_000_000),
            ("1.2345万", 1_234_500),
            ("1.2000", 120),
            (1234.5, 123_450),
            (1200, 120_000),
            (Decimal("0.01"), 1),
            (Money(5), 5),
            ("0", 0),
            ("-0", 0),
        ],
    )
    def test_amounts_are_read_in_every_style(self, written, minor):
        assert values.money(written) == minor

    @pytest.mark.parametrize(
        "written",
        [
            "面议",
            "约5万",
            "5-10万",
            "5万左右",
            "伍万元整",
            "1亿2000万",
            "--5",
            "(-5)",
            "-¥-5",
            "万",
            "¥",
            "1e5",
            "=1+1",
            "5万万",
        ],
    )
    def test_what_is_no_single_amount_is_refused(self, written):
        assert f'"{written}" is not an amount' in refusal(values.money, written)

    @pytest.mark.parametrize("written", ["$5", "US$5", "100美元", "EUR 5", "5€", "HK$300"])
    def test_another_currency_is_refused_and_not_converted(self, written):
        assert "another currency" in refusal(values.money, written)

    def test_the_currency_decides_marks_and_decimals(self):
        assert values.money("$1,200.50", "USD") == 120_050
        assert values.money("¥1,200", "JPY") == 1_200
        assert values.money("1.234", "KWD") == 1_234
        assert "decimals of JPY" in refusal(values.money, "5.5", "JPY")
        refusal(values.money, Money(5, "USD"), "CNY")

    def test_amounts_beyond_exact_counting_are_refused(self):
        assert values.money("90071992547409.92") == 2**53
        refusal(values.money, "90071992547409.93")
        refusal(values.money, "999999999999万")
        refusal(values.money, 1e300)
        assert "more than the 2 decimals" in refusal(values.money, "12.345")

    @given(st.integers(-(2**53), 2**53), st.sampled_from(["CNY", "JPY", "KWD"]))
    def test_written_amounts_are_read_back(self, minor, currency):
        assert values.money(values.money_text(minor, currency), currency) == minor

    def test_amounts_are_written_as_decimal_strings(self):
        assert [values.money_text(m) for m in (123450, -5, 0)] == ["1234.50", "-0.05", "0.00"]
        assert values.money_text(500, "JPY") == "500"


class TestDates:
    @pytest.mark.parametrize(
        "written",
        [
            "2026-03-05",
            "2026/3/5",
            "2026.3.5",
            "2026年3月5日",
            "2026 年 3 月 5 日",
            "2026年03月05",
            "2026年3月5号",
            "２０２６年３月５日",
            "20260305",
            "46086",
            46086,
            46086.75,
            20260305,
            20260305.0,
            "2026-03-05 14:30:00",
            "2026/3/5 0:00",
            "2026年3月5日 14:30",
            "2026-03-05T14:30:00+08:00",
            "2026年3月5日 星期四",
            "2026-03-05（周四）",
            "2026. 3. 5.",
            dt.datetime(2026, 3, 5, 14, 30),
            MARCH_5,
        ],
    )
    def test_a_date_is_read_in_every_style(self, written):
        assert values.date(written) == MARCH_5

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("2026-02-30", "2026-02 has 28 days"),
            ("2024年2月30日", "2024-02 has 29 days"),
            ("20260431", "2026-04 has 30 days"),
            ("2026/13/1", "no month 13"),
            ("2026-0-1", "no month 0"),
            ("26-3-5", "year of four digits"),
            ("26年3月5日", "year of four digits"),
            ("260305", "year of four digits"),
            ("0026-03-05", "year of four digits"),
            ("03/05/2026", "read in two ways"),
            ("2026年3月", "not a whole date"),
            ("2026", "not a whole date"),
            ("下周", "not a date"),
            ("2026-3/5", "not a date"),
            ("2026-W10-4", "not a date"),
            ("2026-+3-05", "not a date"),
            ("123", "not a date"),
            (42.0, "not a date"),
            (float("nan"), "not a date"),
            (True, "not a date"),
            (dt.time(1), "not a date"),
        ],
    )
    def test_a_date_that_is_none_is_refused_with_the_reason(self, written, told):
        message = refusal(values.date, written)
        assert told in message
        assert f'"{written}"' in message

    @pytest.mark.parametrize("blank", [None, "", " ", "-", "/", "无", "N/A"])
    def test_marks_for_nothing_are_blank(self, blank):
        kinds = (values.date, values.integer, values.decimal, values.money, values.percent)
        assert [read(blank) for read in (*kinds, values.email, values.phone, values.url, values.colour)] == [None] * 9
        assert values.instant(blank, SHANGHAI) is None

    @given(st.dates(dt.date(1000, 1, 1)))
    def test_every_style_of_every_date_is_read_back(self, day):
        for style in ("{0:%Y}-{0.month}-{0.day}", "{0:%Y}/{0:%m}/{0:%d}", "{0:%Y}年{0.month}月{0.day}日", "{0:%Y%m%d}"):
            assert values.date(style.format(day)) == day
        assert values.date(values.date_text(day)) == day

    @given(st.text(alphabet="0123456789-/.年月日: T　周四号", max_size=14))
    def test_no_text_brings_a_date_down(self, written):
        for read in (values.date, lambda value: values.instant(value, SHANGHAI)):
            with suppress(ValueFault):
                read(written)


class TestInstants:
    @pytest.mark.parametrize(
        "written",
        [
            "2026-03-05T06:30:00Z",
            "2026-03-05T14:30:00+08:00",
            "2026-03-05 14:30",
            "2026-03-05 14:30:00",
            "2026/3/5 14:30",
            "2026年3月5日 14:30",
            "2026年3月5日14时30分",
            "2026年3月5日下午2:30",
            "2026-03-05 2:30 PM",
            "20260305 14:30",
            "2026/3/5 6:30 Z",
            46086 + 14.5 / 24,
            "46086.6041666667",
            dt.datetime(2026, 3, 5, 14, 30),
            dt.datetime(2026, 3, 5, 6, 30, tzinfo=dt.UTC),
        ],
    )
    def test_a_moment_is_read_in_every_style(self, written):
        found = values.instant(written, SHANGHAI)
        assert found == dt.datetime(2026, 3, 5, 6, 30, tzinfo=dt.UTC)
        assert found.utcoffset() == dt.timedelta(0)

    def test_a_date_alone_is_midnight_there(self):
        midnight = dt.datetime(2026, 3, 4, 16, tzinfo=dt.UTC)
        assert [values.instant(day, SHANGHAI) for day in ("2026-03-05", MARCH_5, 46086.0)] == [midnight] * 3

    def test_an_hour_that_the_clocks_skip_is_refused(self):
        assert "clocks" in refusal(values.instant, "2026-03-29 02:30", BERLIN)
        assert values.instant("2026-10-25 02:30", BERLIN) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)

    @pytest.mark.parametrize(
        "written",
        [
            "2026-02-30T10:00",
            "2026-03-05 25:00",
            "2026-03-05 14:61",
            "14:30",
            "9999-12-31T23:00-08:00",
            "1772692200",
            "soon",
        ],
    )
    def test_what_is_no_moment_is_refused(self, written):
        refusal(values.instant, written, SHANGHAI)

    def test_extreme_moments_are_refused_and_do_not_overflow(self):
        for extreme in (dt.datetime.min, dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=8)))):
            refusal(values.instant, extreme, SHANGHAI)

    @given(st.datetimes(dt.datetime(1001, 1, 1), dt.datetime(9998, 1, 1), timezones=st.just(dt.UTC)))
    def test_written_moments_are_read_back(self, moment):
        written = values.instant_text(moment)
        assert written.endswith("Z")
        assert values.instant(written, SHANGHAI) == moment


class TestContacts:
    @pytest.mark.parametrize(
        "written",
        [
            "13912345678",
            "139 1234 5678",
            "139-1234-5678",
            "+86-13912345678",
            "+86 139 1234 5678",
            "(+86)13912345678",
            "0086 139 12345678",
            "8613912345678",
            "１３９１２３４５６７８",
            " 139\u00a01234\u00a05678 ",
            "\u202d13912345678\u202c",
            13912345678,
            13912345678.0,
        ],
    )
    def test_a_mobile_is_the_same_in_every_spacing(self, written):
        assert values.phone(written) == ("13912345678", "13912345678")

    @pytest.mark.parametrize(
        ("written", "shown", "key"),
        [
            ("010-12345678", "010-12345678", "01012345678"),
            ("（010）1234 5678", "(010)1234 5678", "01012345678"),
            ("+86 10 1234 5678", "+86 10 1234 5678", "01012345678"),
            ("0817-38179657转802", "0817-38179657 转 802", "081738179657"),
            ("0817-38179657 ext. 802", "0817-38179657 转 802", "081738179657"),
            ("400-810-8888", "400-810-8888", "4008108888"),
            ("+86 400 810 8888", "+86 400 810 8888", "4008108888"),
            ("95588", "95588", "95588"),
            ("+1 (394) 621-7654", "+1 (394) 621-7654", "0013946217654"),
            ("0049 30 901820", "0049 30 901820", "004930901820"),
        ],
    )
    def test_other_numbers_keep_their_look_and_get_a_key(self, written, shown, key):
        assert values.phone(written) == (shown, key)

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("13912345678/13887654321", "more than one"),
            ("010-12345678、13912345678", "more than one"),
            ("1.39123E+10", "shortened by a spreadsheet"),
            ("面谈", "not a telephone number"),
            ("12", "not a telephone number"),
            ("1" * 30, "not a telephone number"),
            ("139+1234+5678", "not a telephone number"),
            ("9" * 100_000, "not a telephone number"),
        ],
    )
    def test_what_is_no_single_number_is_refused(self, written, told):
        assert told in refusal(values.phone, written)

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("Wang.Wei@Example.COM", "Wang.Wei@example.com"),
            (" mailto:a@b.cn ", "a@b.cn"),
            ("ａ＠ｂ．ｃｎ", "a@b.cn"),
            ("王@例子.中国", "王@例子.中国"),
            ("a+b@x-y.co.uk", "a+b@x-y.co.uk"),
        ],
    )
    def test_an_address_of_mail_is_cleaned(self, written, read):
        assert values.email(written) == read

    @pytest.mark.parametrize(
        "written",
        ["a", "a@b", "a@@b.cn", "a b@c.cn", "a@b.cn;c@d.cn", "<a@b.cn>", ".a@b.cn", "a@-b.cn", "a\x00@b.cn", 5],
    )
    def test_what_is_no_address_of_mail_is_refused(self, written):
        refusal(values.email, written)

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("www.baidu.com", "https://www.baidu.com"),
            ("HTTP://Example.COM/A?b=C", "http://example.com/A?b=C"),
            ("example.com:8080/x", "https://example.com:8080/x"),
            ("//example.com", "https://example.com"),
            ("ｗｗｗ．ａ．ｃｎ", "https://www.a.cn"),
            ("例子.中国/产品", "https://例子.中国/产品"),
        ],
    )
    def test_an_address_of_the_web_gets_its_scheme(self, written, read):
        assert values.url(written) == read

    @pytest.mark.parametrize(
        "written",
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u200bjavascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "mailto:a@b.cn",
            "ftp://a.cn",
            "javascript:1",
            "https://",
            "https://user:pass@a.cn",
            "https://a.cn\\@b.cn",
            'https://a.cn/"onclick="x',
            "https://a.cn/ b",
            "https://a.cn:99999",
            "https://[::1",
            "没有网站",
            "https://" + "a" * 3000,
        ],
    )
    def test_an_address_that_is_no_plain_web_page_is_refused(self, written):
        refusal(values.url, written)


class TestChoices:
    @pytest.mark.parametrize("written", ["是", "有", "true", "TRUE", "1", "Y", "ｙ", "√", True, 1, 1.0])
    def test_yes_is_true(self, written):
        assert values.boolean(written) is True

    @pytest.mark.parametrize("written", ["否", "无", "false", "0", "N", "no", False, 0])
    def test_no_is_false(self, written):
        assert values.boolean(written) is False

    def test_neither_yes_nor_no_is_refused(self):
        assert values.boolean(" ") is None
        for written in ("也许", "2", 2, 0.5, MARCH_5):
            refusal(values.boolean, written)

    def test_colours_are_names(self):
        assert [values.colour(c) for c in ("red", " Teal ", "ＰＩＮＫ")] == ["red", "teal", "pink"]
        for written in ("#1a2b3c", "reddish", 7):
            refusal(values.colour, written)


class TestPeriods:
    TODAY = dt.date(2026, 11, 23)  # a Monday

    @pytest.mark.parametrize(
        ("word", "first", "last"),
        [
            ("today", "2026-11-23", "2026-11-23"),
            ("yesterday", "2026-11-22", "2026-11-22"),
            ("tomorrow", "2026-11-24", "2026-11-24"),
            ("this_week", "2026-11-23", "2026-11-29"),
            ("last_week", "2026-11-16", "2026-11-22"),
            ("this_month", "2026-11-01", "2026-11-30"),
            ("last_month", "2026-10-01", "2026-10-31"),
            ("next_month", "2026-12-01", "2026-12-31"),
            ("this_quarter", "2026-10-01", "2026-12-31"),
            ("last_quarter", "2026-07-01", "2026-09-30"),
            ("this_year", "2026-01-01", "2026-12-31"),
            ("last_year", "2025-01-01", "2025-12-31"),
            ("last_7_days", "2026-11-17", "2026-11-23"),
            ("next_30_days", "2026-11-23", "2026-12-22"),
            ("last_1_month", "2026-10-24", "2026-11-23"),
            ("-30d", "2026-10-24", "2026-11-23"),
            ("+2w", "2026-11-23", "2026-12-07"),
            ("-1m", "2026-10-23", "2026-11-23"),
            ("-1y", "2025-11-23", "2026-11-23"),
        ],
    )
    def test_a_word_means_its_first_and_last_day(self, word, first, last):
        assert values.is_period(word)
        assert values.period(word, self.TODAY) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))

    @pytest.mark.parametrize(
        "word", ["", "now", "last_0_days", "-30", "30d", "-99999y", "+7973y", "last_99999_years", "this_"]
    )
    def test_another_word_is_refused(self, word):
        refusal(values.period, word, self.TODAY)

    def test_months_end_where_they_end(self):
        assert values.add_months(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)
        assert values.add_months(dt.date(2024, 3, 31), -1) == dt.date(2024, 2, 29)

    @given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)))
    def test_neighbouring_periods_meet(self, today):
        for unit in ("week", "month", "quarter", "year"):
            last, this, following = (values.period(f"{when}_{unit}", today) for when in ("last", "this", "next"))
            assert this[0] <= today <= this[1]
            assert last[1] + dt.timedelta(days=1) == this[0]
            assert this[1] + dt.timedelta(days=1) == following[0]

    def test_days_become_moments_on_the_clocks_of_the_place(self):
        begin, end = values.bounds((MARCH_5, MARCH_5), SHANGHAI)
        assert (begin.isoformat(), end.isoformat()) == ("2026-03-04T16:00:00+00:00", "2026-03-05T16:00:00+00:00")
        begin, end = values.bounds((dt.date(2026, 3, 29), dt.date(2026, 3, 29)), BERLIN)
        assert end - begin == dt.timedelta(hours=23)


class TestCompanyNames:
    @pytest.mark.parametrize(
        "spellings",
        [
            [
                "北京市云图科技有限公司（总部）",
                " 北京云图科技有限公司 ",
                "北京云图科技有限责任公司",
                "北京 云图科技",
                "北京市云图科技股份有限公司",
            ],
            ["广东省深圳市云图科技有限公司", "广东深圳云图科技有限公司"],
            ["云图（集团）有限公司", "云图集团有限公司", "云图集团"],
            ["阿里云（北京）科技有限公司", "阿里云(北京)科技有限公司", "阿里云北京科技有限公司"],
            ["ＡＢＣ贸易有限公司", "abc贸易有限公司", "ABC 贸易有限公司（VIP）"],
            [
                "Acme Co., Ltd.",
                "ACME Co.,Ltd",
                "Acme Limited",
                "acme company limited",
                "Acme",
                "Acme, Inc.",
                "Acme L.L.C.",
            ],
            ["Müller & Söhne GmbH & Co. KG", "MÜLLER AND SÖHNE GmbH"],
            ["广西壮族自治区南宁市云图有限公司", "广西南宁云图有限公司"],
            ["北京市市政建设有限公司", "北京市政建设有限公司"],
            ["云图科技有限公司(自然人独资)", "云图科技有限公司（王总介绍）", "云图科技有限公司"],
        ],
    )
    def test_spellings_of_one_company_have_one_key(self, spellings):
        assert len({values.normalise_name(name) for name in spellings}) == 1

    @pytest.mark.parametrize(
        "companies",
        [
            ["北京云图科技有限公司", "上海云图科技有限公司", "云图科技有限公司", "北京云图贸易有限公司"],
            ["四川长虹电子集团有限公司", "四川长虹电子有限公司"],
            [
                "云图科技有限公司",
                "云图科技有限公司上海分公司",
                "云图科技有限公司（北京分公司）",
                "云图科技有限公司（上海）",
            ],
            ["华为技术（北京）有限公司", "华为技术（上海）有限公司"],
            ["海口市场开发有限公司", "海口开发有限公司"],
            ["城市印象文化有限公司", "城印象文化有限公司"],
            ["云图管理（有限合伙）", "云图管理"],
            ["有限公司", "股份有限公司", "公司"],
            ["AB Foods", "Foods", "AB"],
            ["1+1教育", "11教育"],
        ],
    )
    def test_different_companies_have_different_keys(self, companies):
        keys = {values.normalise_name(name) for name in companies}
        assert len(keys) == len(companies)
        assert "" not in keys

    @given(st.text(max_size=40))
    def test_no_name_brings_the_key_down_and_spaces_never_matter(self, name):
        key = values.normalise_name(name)
        assert values.normalise_name(f" {name}　") == key
