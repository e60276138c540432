"""Words in both languages and numbers as they are written in each."""

import re
import string

import pytest

from gridopt.report import text
from gridopt.report.text import WORDS


def test_every_word_has_both_languages_with_the_same_places():
    fields = {key: [{f for _, f, _, _ in string.Formatter().parse(w) if f} for w in both] for key, both in WORDS.items()}
    assert [key for key, (en, zh) in fields.items() if en != zh] == []
    assert [key for key, both in WORDS.items() if not all(both)] == []


def test_chinese_is_chinese():
    """What has Chinese letters in no place is a number format or a code: list them, so that a forgotten translation shows."""
    plain = {key for key, (_, zh) in WORDS.items() if not re.search("[\u4e00-\u9fff]", zh)}
    formats = {"number", "zone_price", "card_cost", "mk_metric_by", "mk_and", "mk_shared_out", "mk_card_price", "mk_list"}
    assert plain == {"language", "kind_contingency"} | formats


@pytest.mark.parametrize(
    ("mwh", "both"),
    [
        (12_345_678, ("12.3 TWh", "123 亿千瓦时")),  # 1 TWh = 10 x 10^8 kWh
        (820_000, ("820 GWh", "8.20 亿千瓦时")),
        (5_000, ("5.00 GWh", "500 万千瓦时")),  # 5 GWh = 5e6 kWh = 500 x 10^4 kWh
        (7, ("7.00 MWh", "7.00 兆瓦时")),
        (0, ("0.00 MWh", "0.00 兆瓦时")),
    ],
)
def test_energy(mwh, both):
    assert text.energy(mwh) == both


def test_money_and_mass():
    assert text.money(24.9e9, "CNY") == ("CNY 24.9 bn", "249 亿元")
    assert text.money(3.4e6, "EUR") == ("EUR 3.40 m", "340 万 EUR")
    assert text.mass(77_629_000) == ("77.6 Mt", "7,763 万吨")
    assert text.mass(120e6) == ("120 Mt", "1.20 亿吨")


def test_dotted_names_are_translated_or_left_alone():
    assert text.dotted("storage.wear") == ("Storage wear", "储能损耗")
    assert text.dotted("dragon.wear") == ("dragon.wear", "dragon.wear")


def test_say_names_the_unknown_key():
    with pytest.raises(KeyError, match="no_such_key"):
        text.say("no_such_key")
