"""Street addresses and the places that are none."""

from __future__ import annotations

import pytest

from xinyi.text import mask


@pytest.mark.parametrize(
    "address",
    [
        "上海市浦东新区张杨路500号",
        "上海市 浦东新区 张杨路500号3栋201室",
        "杭州市西湖区文三路478号华星时代广场B座1203室",
        "宁波市鄞州区四明中路666弄23号402室",
        "和平区南京路128号",
        "人民路88号",
        "王府井大街帅府园胡同9号",
        "阳光花园3栋2单元501",
        "翠苑三区12幢2单元301室",
        "5号楼3单元1201",
        "锦绣花园9栋1101",
        "望京SOHO T3座1509",
        "沈阳市铁西区兴华南街27号6-3-2",
        "河南省周口市太康县马头镇李庄村三组",
        "山东省菏泽市曹县庄寨镇王楼村56号",
        "朝阳北路甲1号院3号楼",
        "幸福里小区６号楼１单元５０２",
        "苓海市鹿鳴路三段55巷7號4樓",
        "槐安市柳条胡同甲十七号院二单元四零一",
        "香樟路88号附3号",
        "青浔市柳塘镇鸭嘴巷9号后院",
        "新桥街88号老贺面馆",
        "云帆路1717号澜庭酒店采购部",
        "临浦县砖桥镇大槐树村东头第三家",
        "曲山县附属小学教务处西楼205",
    ],
)
def test_address(address: str) -> None:
    assert mask(f"地址：{address}，谢谢") == "地址：[地址]，谢谢"
    assert mask(f"送到{address}") == "送到[地址]"


@pytest.mark.parametrize("cue", ["我住", "寄到", "地址改成", "麻烦送", "在", "收货地址改为", "上门取件"])
def test_cue_words_are_not_part_of_the_address(cue: str) -> None:
    assert mask(f"{cue}阳光花园3栋2单元501") == f"{cue}[地址]"


@pytest.mark.parametrize(
    "text",
    [
        "上海",
        "北京市",
        "广东省内次日达",
        "海淀区今天限行",
        "中山路那家店",
        "南京路步行街店",
        "5栋那边信号不好",
        "3号楼电梯坏了",
        "地铁3号线",
        "6路公交",
        "一条路修三个月",
        "线路3故障",
        "频道5号",
        "5楼女装区",
        "京东商城3期免息",
        "知道5号发货",
        "味道2号好",
        "小区门口",
        "这里2层那里3层",
        "公寓2023年",
        "在路上3号到",
        "只开放东段10座敌楼",
        "中心1000多人",
        "2号仓发货",
        "大厦500元",
    ],
)
def test_places_without_a_door_stay(text: str) -> None:
    assert mask(text) == text
