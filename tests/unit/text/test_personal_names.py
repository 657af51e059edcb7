"""Personal names and the words that look like them."""

from __future__ import annotations

import pytest

from xinyi.text import mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我叫张伟", "我叫[姓名]"),
        ("我叫张伟想问下", "我叫[姓名]想问下"),
        ("我是赵丽颖，在吗", "我是[姓名]，在吗"),
        ("姓名：欧阳雪", "姓名：[姓名]"),
        ("收件人改成陈思", "收件人改成[姓名]"),
        ("本人周建国要求退款", "本人[姓名]要求退款"),
        ("户名马晓东，", "户名[姓名]，"),
        ("联系人:Anna Schmidt", "联系人:[姓名]"),
        ("我姓何。", "我姓[姓名]。"),
        ("我老婆郭静买的", "我老婆[姓名]买的"),
        ("工号3叫任静，", "工号3叫[姓名]，"),
        ("有个叫郭涛的业务员", "有个叫[姓名]的业务员"),
        ("户名由鲍春改为鲍丽。", "户名由[姓名]改为鲍丽。"),
    ],
)
def test_name_after_a_cue(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "name",
    [
        "王先生",
        "李女士",
        "张小姐",
        "陈师傅",
        "刘经理",
        "欧阳先生",
        "唐总",
        "范工",
        "徐阿姨",
        "李建国先生",
        "小王",
        "老刘",
    ],
)
def test_surname_and_title(name: str) -> None:
    assert mask(f"请{name}回电") == "请[姓名]回电"
    assert mask(f"客服{name}说") == "客服[姓名]说"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("韩梅 13800138000", "[姓名] [手机号]"),
        ("13800138000，周子轩收", "[手机号]，[姓名]收"),
        ("人民路88号，普云飞，13800138000", "[地址]，[姓名]，[手机号]"),
        ("于海波，身份证11010519491231002X", "[姓名]，身份证[身份证号]"),
    ],
)
def test_name_beside_a_number(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("田雨的订单", "[姓名]的订单"),
        ("帮我查余秀兰的缴费", "帮我查[姓名]的缴费"),
        ("昨天看见吴晓波在店里", "昨天看见[姓名]在店里"),
        ("迪丽热巴·艾合买提，名字太长", "[姓名]，名字太长"),
    ],
)
def test_typical_name_without_a_cue(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "我是想问一下",
        "我叫了外卖",
        "我叫车叫了半小时",
        "高端款",
        "老板在吗",
        "小姐姐",
        "师傅什么时候来",
        "我是高级会员",
        "我是江苏的",
        "我是钱包丢了",
        "姓名和身份证",
        "姓名填错了",
        "收件人不在",
        "本人已收到",
        "安装师傅说加钱",
        "客服经理",
        "对方律师",
        "官方老师",
        "正常医生",
        "谢谢医生",
        "向老师请教",
        "周总结",
        "王总共买了",
        "小白用户",
        "小米手环",
        "小程序",
        "小苏打",
        "老干妈",
        "周大福的项链",
        "李宁的鞋",
        "黄金会员",
        "方便面",
        "康师傅",
        "马上",
        "张家口发货",
        "女儿童装",
        "江苏大学",
        "清华大学",
        "如何平衡",
        "首席工程师",
        "祝健康",
        "保安队长",
    ],
)
def test_look_alikes_stay(text: str) -> None:
    assert mask(text) == text
