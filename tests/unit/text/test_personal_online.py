"""E-mail addresses, chat accounts and IP addresses."""

from __future__ import annotations

import pytest

from xinyi.text import mask, prepare


@pytest.mark.parametrize(
    "address",
    [
        "li.na@163.com",
        "a_b-c+d@mail.example.com.cn",
        "8473625@QQ.COM",
        "ａｂｃ@qq.com",
        "liming#139.com",
        "chen艾特qq点com",
        "chen艾特qq.com",
        "chen @qq.com",
        "chen@ qq.com",
        "chen（at）163.com",
        "chen(at)163.com",
        "陈晨@163.com",
    ],
)
def test_email(address: str) -> None:
    assert mask(f"发 {address}，谢谢") == ("发 [邮箱]，谢谢")
    assert prepare(f"发 {address}，谢谢") == ("发 [邮箱]，谢谢")


def test_no_email() -> None:
    assert mask("5个@10元 a@b") == "5个@10元 a@b"


@pytest.mark.parametrize(
    "cue", ["微信", "微信号：", "vx:", "VX ", "wx", "薇信是", "加v", "加微信：", "微信号是", "+v ", "我的wx是"]
)
def test_wechat_after_a_cue(cue: str) -> None:
    assert mask(f"{cue}xiao_tao77，谢") == f"{cue}[微信号]，谢"


def test_wechat_id_of_the_system_needs_no_cue() -> None:
    assert mask("我wxid_8fk29dk3ls在") == "我[微信号]在"


@pytest.mark.parametrize(
    "text", ["微信iPhone版", "微信wechat闪退", "微信8.0.47", "微信500000元", "vx能转账吗", "wx登录报错-1", "微信支付"]
)
def test_no_wechat(text: str) -> None:
    assert mask(text) == text


def test_mobile_after_a_wechat_cue_is_a_mobile() -> None:
    assert mask("微信13800138000") == "微信[手机号]"


@pytest.mark.parametrize("cue", ["QQ", "qq号:", "扣扣", "Q号", "QQ群", "企鹅号"])
def test_qq_after_a_cue(cue: str) -> None:
    assert mask(f"{cue}384756291，谢") == f"{cue}[QQ号]，谢"


@pytest.mark.parametrize("text", ["发我{}", "加我{}……", "票据发{}", "谁看见了帮忙转，{}[怒]"])
def test_account_without_the_word(text: str) -> None:
    assert mask(text.format("laofu_13m6")) == text.format("[微信号]")


@pytest.mark.parametrize("text", ["发android_14的更新", "找error_404", "转iphone15", "报错no_such_file"])
def test_no_account(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("text", ["QQ1033 7765 20", "QQ80041 7725", "发3300127745的邮箱", "发我1000 2277 46"])
def test_qq_in_groups_or_sent_to(text: str) -> None:
    assert "[QQ号]" in mask(text)


@pytest.mark.parametrize("text", ["QQ音乐", "QQ飞车2024皮肤", "QQ10000元", "384756291"])
def test_no_qq(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "address", ["113.87.45.201", "192.168.1.1", "2409:8a1e:6f20:1b3::5", "fe80::1ff:fe23:4567:890a"]
)
def test_ip(address: str) -> None:
    assert mask(f"从{address}登录") == "从[IP地址]登录"
    assert mask(f"IP：{address}") == "IP：[IP地址]"


@pytest.mark.parametrize(
    "text", ["版本2.14.0.3闪退", "V2.0.1.3", "256.1.1.1", "12:30:45", "a::b", "1.2.3", "8.0.33.2400"]
)
def test_no_ip(text: str) -> None:
    assert mask(text) == text
