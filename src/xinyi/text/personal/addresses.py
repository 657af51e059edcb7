"""Street addresses with enough detail to find a door.

A rule finds the part that carries the detail (a road with a house number, a compound with a building or room, a
village with a group), then the address grows left over the place names before it and right over building, unit
and room.  A city or district alone has no such part and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinyi.text.personal.places import (
    CITIES,
    CUTS,
    NOT_IN_PLACE,
    NOT_ROADS,
    PLACE,
    PROVINCES,
    ROAD_ENDS,
    STRONG_COMPOUNDS,
    VENUES,
    WEAK_COMPOUNDS,
)
from xinyi.text.personal.spans import Match

_N = r"(?:[A-Za-z甲乙丙丁]?[0-9]{1,5}|[A-Z]|[零〇一二三四五六七八九十百]{1,5}|[甲乙丙丁])"
_NS = rf"{_N}(?:[-之]{_N}){{0,3}}"
_NO_UNIT = r"(?![0-9%元块年月日个天人次件点分米折角度倍公款寸岁]|\.[0-9]| ?[kK][mMgG]|-[0-9])"
_HOUSE = rf" ?(?:{_N}巷)?(?:{_N}弄)?{_NS} ?(?:号院|号楼|号铺|号|弄|支弄)(?!线|公交|地铁|码|选手|链接|色)"
_BUILDING = (
    rf" ?(?:[0-9]{{1,3}}楼(?= ?{_N}单元)|{_NS} ?(?:号楼|号院|号宿舍楼|号公寓|栋|幢|座|塔|舍)"
    r"|[A-Z0-9]{1,2}[座塔]|[0-9]{1,3}#)"
)
_PHASE = rf" ?\(?(?:{_N}[期区组]|[东南西北中][区苑门])\)?"
_UNIT = rf" ?{_NS} ?(?:单元|门(?![票店口诊锁禁铃窗]))"
_ROOM_NUMBER = (
    rf"(?:[A-Za-z]?[0-9]{{3,4}}[A-Z]?|[0-9]{{1,2}}[A-H](?![A-Za-z])"
    rf"|[0-9]{{1,3}}-[0-9]{{1,3}}-[0-9]{{1,4}}|[0-9]{{1,3}}-[0-9]{{3,4}}){_NO_UNIT}"
)
_SPOKEN_ROOM = r"[〇零○幺一二三四五六七八九]{3,4}(?![〇零一二三四五六七八九十百千万点元块年月日号个])"
_ROOM = rf" ?(?:{_SPOKEN_ROOM}|{_NS} ?(?:室|房(?![间东价贷产])|户(?![口外型])|号房|号铺|号)|{_ROOM_NUMBER})"
_FLOOR = rf" ?(?:{_NS} ?(?:层|楼(?![梯上下道盘主市层])))"
_ENDS = f"(?:{STRONG_COMPOUNDS}|{WEAK_COMPOUNDS})"
# A house number's own second part, and a corner of the house.
_CORNER = (
    rf" ?(?:(?:附|之) ?{_N}号?|(?:[东南西北中前后左右]|临街|靠街|沿街|路口)(?:院|厢房?|侧|边|门面)?第?{_N}[间家户铺]"
    "|[东南西北中前后侧][院厢门楼](?!口诊票))"
)
_INSIDE = rf"(?:{_PHASE}|{_BUILDING}|{_UNIT}|{_ROOM}|{_FLOOR}|{_CORNER})"
_TAIL = re.compile(
    rf"(?:[, ]?(?:{_INSIDE}|[A-Z]{{2,5}}(?={_BUILDING})"
    # A compound or building named after the house number, up to a word border or a number of its own.
    rf"|\(?{PLACE}{{2,10}}?{_ENDS}\)?(?:(?![\u4e00-\u9fff])|(?={_INSIDE}))"
    rf"|{PLACE}{{2,8}}?(?=(?:{_BUILDING}(?:{_UNIT}|{_ROOM})|{_FLOOR}{_ROOM}))))*"
    # Last what stands at that number, where it ends the clause: a shop, an office.
    rf"(?: ?{PLACE}{{1,12}}?(?:{VENUES})(?:{_FLOOR}|{_ROOM})?(?![\u4e00-\u9fff0-9])"
    rf"|(?:{VENUES})(?=收|[行可成]吗|行不行))?"
)

_BARE_NUMBER = rf" ?[0-9]{{1,4}}(?![0-9])(?:{_BUILDING}|[, ]|$)"
_ROAD = re.compile(rf"(?:{ROAD_ENDS})(?:[东南西北中][段路]?|[一二三四五六七八九十][段路])?(?={_HOUSE}|{_BARE_NUMBER})")
_AFTER_ROAD = re.compile(rf"{_HOUSE}| ?[0-9]{{1,4}}")
_BLOCK = re.compile(
    rf"(?:{STRONG_COMPOUNDS})(?={_PHASE}?(?:{_BUILDING}|{_UNIT}|{_ROOM}))"
    # A school's or hospital's own building, with the county it lies in.
    rf"|(?<=[县市区镇])(?={PLACE}{{2,8}}(?:小学|中学|大学|学院|医院|学校|中心)(?:{PLACE}{{1,6}})?"
    r"[东南西北中一二三四五六七八九0-9]?[号教]?[楼栋座] ?[0-9]{2,4}(?![0-9]))"
    rf"|(?:{WEAK_COMPOUNDS})(?={_PHASE}?(?:{_BUILDING}|{_UNIT}|{_NS} ?[室房]))"
)
_DOOR = re.compile(rf"(?<![0-9A-Za-z-]){_BUILDING.removeprefix(' ?')}(?={_UNIT}|{_ROOM}|{_FLOOR}(?:{_ROOM}))")
_VILLAGE = re.compile(
    rf"(?:村|屯|庄|寨|社区|堡|街[一二三四五六七八九十]{{1,2}}委)(?= ?{_NS} ?(?:组|队|社|号|户)|[东南西北村][头口边]第)"
    rf"|(?<=[县区市旗]){PLACE}{{1,6}}[镇乡]{PLACE}{{1,7}}?[村屯庄寨](?![村委长民里])"
)
_VILLAGE_TAIL = re.compile(
    rf"(?: ?{_NS} ?(?:组|队|社|号(?!楼|院)|户))*(?:(?:[东南西北中村][头口边沟侧]|路口|进村)?第?{_N}[家户])?"
    rf"(?: ?[红白灰青砖老新小大]{{1,3}}楼(?:{_SPOKEN_ROOM}|[0-9]{{2,4}}))?"
)

_STOP = re.compile(f"[^\u4e00-\u9fff]|[{NOT_IN_PLACE}]")
_CUT = re.compile(f".*(?:{CUTS})")
# A city may name a road (南京路): then the address does not start there.
_PLACE_START = re.compile(f"(?:{PROVINCES}|{CITIES})(?![东南西北中一二三]?[路街大道])")
# English words in the names of buildings.
_LATIN_NAME = re.compile("(?:SOHO|soho|LOFT|loft|MALL|Mall|CBD|APM|apm|MINI|Park|ONE) ?$")
_LEFT_LIMIT = 32
_ADMIN_ENDS = "省市区县镇乡村旗盟州路街道"


def find_addresses(view: str) -> Iterator[Match]:
    """Yield street addresses from the first place name to the last detail (room, floor)."""
    done = 0
    for core, end in sorted(_cores(view)):
        if core < done:
            continue
        start = _grow_left(view, core, done)
        end = _TAIL.match(view, end).end()
        if start is not None:
            done = end
            yield (start, end, "address")


def _cores(view: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the parts that carry the detail; the start is where left growth begins."""
    for match in _ROAD.finditer(view):
        number = _AFTER_ROAD.match(view, match.end())
        if number and view[match.start() - 1 : match.start() + 1] not in NOT_ROADS:
            yield (match.start(), number.end())
    for match in _BLOCK.finditer(view):
        yield (match.start(), match.end())
    for match in _DOOR.finditer(view):
        yield (match.start(), match.end())
    for match in _VILLAGE.finditer(view):
        yield (match.start(), _VILLAGE_TAIL.match(view, match.end()).end())


def _grow_left(view: str, core: int, floor: int) -> int | None:
    """Return where the address starts, or None where no name stands before a road, compound or village."""
    start = _name_start(view, core, floor)
    cut = _CUT.match(view[start:core])
    if cut:
        start += cut.end()
    known = _PLACE_START.search(view, start, core)
    if known and not re.search("[省市区县]", view[start : known.start()]):
        start = known.start()
    # A building with a room (3栋501) is detail enough; a road or compound needs its name.
    named = core > start or not re.match("[\u4e00-\u9fff]", view[core])
    return start if named else None


def _name_start(view: str, core: int, floor: int) -> int:
    """Walk left over characters of place names, over one blank only after an administrative ending."""
    start = core
    limit = max(floor, core - _LEFT_LIMIT)
    while start > limit:
        char = view[start - 1]
        if _STOP.match(char):
            latin = _LATIN_NAME.search(view, max(limit, start - 6), start)
            if latin:
                start = latin.start()
                continue
            blank = char in " ,-" and start - 2 >= limit and view[start - 2] in _ADMIN_ENDS
            if not blank:
                break
        start -= 1
    return start + 1 if start < core and view[start] in " ,-" else start
