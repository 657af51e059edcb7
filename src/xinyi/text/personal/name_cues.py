"""Patterns of the places where personal names stand; :mod:`xinyi.text.personal.name_rules` reads the names."""

from __future__ import annotations

import re

from xinyi.text.personal.names import SURNAMES
from xinyi.text.personal.surnames import CLEAR_SURNAMES, COMPOUND_SURNAMES, TOP_SURNAMES, WORD_LIKE_SURNAMES
from xinyi.text.personal.view import BLANKS

HAN = "[\u4e00-\u9fff]"

# Form fields.  With a link (姓名：, 收件人改成) nearly everything that can be a name is one.
FIELD_CUE = re.compile(
    "(?:真实姓名|姓名|收货人|收件人|寄件人|发件人|联系人|开户名|户名|持卡人|签收人|收款人|付款人|申请人|被保险人|投保人|受益人|乘机人"
    "|入住人|预订人|预约人|报修人|购买人|下单人|注册人|接洽人|对接人|负责人|经手人|取件人|收票人|代收人|机主|卡主|当事人|投诉人|推荐人|紧急联系人|客户名|名字|法人|监护人|经办人)"
    "(?P<link>(?:改成|改为|换成|填的?|写的?|留的?|就?是|为|叫|由|从|[:= ]){0,3})"
)
# The title of an invoice is a person's name or a company's.
TITLE_OF_INVOICE = re.compile("抬头(?:开|写|填|改成|改为|换成|是|为|[: ]){0,3}(?:个人)?(?:的|[: ,]){0,2}")
CALLED = re.compile(
    "(?:我|俺|咱|侬|他|她|名|人|儿子|女儿|老公|老婆|爸|妈|对象|朋友|同事|客服|快递员|师傅|经理|店员|小哥|司机|业务员"
    "|孩子|医生|名字|姑娘|顾问)叫(?:做)?[: ]?"
)
I_AM = re.compile(
    "(?:[我俺]就?是|本人|这边是|我这边是|我这里是|你好,?是)[: ]?(?:客户|用户|顾客|会员|业主|租客|车主|户主)?[: ]?"
)
_STAFF = (
    "客户经理|客服人员|客服|快递员|快递小哥|骑手|配送员|送货员|送水工|收银员|收费员|管理员|售货员|服务员|讲解员"
    "|理货员|检票员|外卖员|师傅|经理|店员|导购|销售|柜员|业务员|司机|技师|店长|医生|律师|工作人员"
    "|志愿者|大堂|主播|助教|营养师|理发师|家政|月嫂|保姆|钟点工|快递|护工|专员|顾问|接线员|话务员|保洁|护工|工程师|维修工|中介|保安|前台|班主任|教练|领导"
)
_PARTY = (
    "房东|顾客|乘客|患者|租客|学生|老客户|客户|用户|住户|家长|代理人|同学|车主|户主|业主"
    "|学员|病人|会员|户主是|代办人|委托人|介绍人|担保人"
)
_KIN = (
    "妈妈|爸爸|老妈|老爸|老爷子|老太太|媳妇|爱人|姥姥|姥爷|表姐|表哥|表弟|表妹|堂哥|堂弟|闺蜜|女友|男友|未婚妻|同事|朋友|室友|邻居|老公|老婆|儿子|女儿|母亲|父亲|丈夫|妻子|弟弟|哥哥|姐姐|妹妹|爷爷|奶奶|外婆|外公|侄子|外甥|孙子|孙女|公公|婆婆"
    "|嫂子|舅舅|姑姑|闺女|我爸(?!爸)|我妈(?!妈)"
)
_GIVE = "授权给|委托|转给|转交给|转交|转告|交给|寄给|发给|过户给|转让给|退给|还给|联系|收件|请找|找一下"
ROLE = re.compile(f"(?:{_STAFF}|{_PARTY}|{_KIN}|{_GIVE})[: ]?")
# The ends of all other words for a person's part (理赔员, 安装工, 报案人): only a whole, typical name may follow.
_ENDS = "人|员|工|者|主|财务|管家|代表|护士|大夫|主任|队长|校长|院长|老板|老师|教授|同志|书记|秘书|助理|会计"
PART = re.compile(f"(?<={HAN})(?:{_ENDS})(?:就?是|叫|为|[: ]){{0,2}}")
# 叫 alone and 我 alone also are ordinary verbs and subjects: only a whole, typical name may follow.
# Some roles end a word that goes on with a surname's character: 会员费, 学生党, 门卫.
NOT_AFTER_ROLE = re.compile(
    "会员[费单]|妈妈桑|学生党|客户[关单经端]|用户[名端]|师傅[别莫]|快递[单费公员]|大堂经|家政公"
)
WEAK = re.compile(f"(叫做?)|(?:(?<!{HAN})|(?<=[你您]好))我")
AFTER_CALLED = re.compile("的|不|这个|那个")
SURNAME_THEN_NAME = re.compile(
    f"(?<![{''.join(sorted(SURNAMES))}百同汉])姓(?![名氏啥什])(?:[ ,是叫]|嗯|呃|那个){{0,4}}"
)
NOT_AFTER_SURNAME = re.compile("客服|师傅|经理|老师|教练|小哥|司机|先生|女士|小姐|的|专员|顾问|主管|大姐|大哥|阿姨")
# Alone after 我姓 or 师傅姓 any character is a surname, the rarest too.
SURNAME_BEFORE = re.compile(
    f"({COMPOUND_SURNAMES}|(?<!{HAN})[{''.join(sorted(SURNAMES))}])姓(?=客户|用户|顾客|业主|乘客|患者|男|女|先生|同|的?客人)"
)
SURNAME_IS = re.compile(
    rf"(?<![百家同隐埋汉])姓({COMPOUND_SURNAMES}|[{''.join(sorted(SURNAMES))}]"
    rf"|(?<=[我俺他她机傅哥服员人]姓)(?![名氏啥什谁他她的了吗呢不好]){HAN})(?=的|$|[^\u4e00-\u9fff])"
)

TITLE = re.compile(
    "医师|主席|组长|镇长|乡长|嫂子|督导|管家|掌柜|小朋友|会计|助理|秘书|站长|馆长|班长|村长|所长|支书|奶奶|爷爷|大爷|大妈|大叔|大婶|伯伯|先生|女士|小姐(?!姐)|师傅|经理|老师|主任|医生|大夫|律师|阿姨|叔叔|大哥|大姐|太太|夫人|同学|教授|店长|老板|主管|队长|警官|护士|校长|院长"
    "|科长|处长|局长|工程师|总监|教练|书记|总(?![统理是共计结体之算部裁价额数监和量会有得在不])|哥(?![哥们窟孛])|姐(?![姐妹夫])"
    "|[叔婶姨](?![叔妈母父])|工(?![作程资具厂人商业钱艺时号期行单地伤])"
)
SHORT_TITLES = frozenset("总哥姐工叔婶姨")
# Before a title these need a word border or a verb on their left (正常医生, 应在医生).
RISKY_BEFORE_TITLE = frozenset("应边常连全成单童安")
_NOT_BEFORE_TITLE = """
了解 个钟 分钟 秒钟 点钟 门卫 公司 奈何 宿管 浙江 长江 时史 打孔 照顾 国王 一张 两张 几张 这张 那张 每张 三张 半张 多张
首席 主管 现任 前任 历任 担任 上任 责任 离任 谢谢 多谢 感谢 为何 任何 如何 对方 官方 双方 我方 贵方 警方
平安 治安 保安 最高 提高 现金 黄金 基金 资金 租金 公安 大方 地方 卖方 买方 院方 校方 厂方 商方
关于 由于 对于 终于 属于 明白 小白 一万 两万 大白 中华 天安 西安 长安 客房 厨房 药房 住房 收费
免费 付费 学费
"""
NOT_BEFORE_TITLE = frozenset(_NOT_BEFORE_TITLE.split())
# After these a full name before a title may start; elsewhere only surname and title are read.
MAY_PRECEDE = frozenset("成为下是找给跟和问让请由到联系叫麻烦谢位向对与被把说的了客服人员家里转过")

# 小王, 老李: only with the most common surnames, and only where the word ends there.
LITTLE = re.compile(f"(?<![大减缩变弱中微])[小老]([{CLEAR_SURNAMES}周何林程贺戴])")
NOT_LITTLE = re.compile("期|图|醋|皇|字|红书|程序|朱|程|何时|许|郑重|唐|曾|林业|谢谢|周岁")
LITTLE_END = re.compile(
    rf"家(?=[的没有也就停在里]|$)|(?!{HAN})|[说的帮给跟和是在来去不没你我这也就回答那很真还接打让吗呢吧啊叫把人]|态度|处理|服务|一直|告诉|特别|耐心|细心|热情|专业|认真|非常|今天|昨天|之前|刚"
)

_NEAR = "".join(mark for kind, mark in BLANKS.items() if kind != "name")
EDGE = rf"(?:^|(?<=[ ,;:。、/|!?\[({_NEAR}]))"
# 李*红, 王**, 张某某: names that somebody hid in part. Prices are hidden the same way (收费*元).
STARRED = re.compile(
    rf"((?:{EDGE}[{''.join(sorted(TOP_SURNAMES - WORD_LIKE_SURNAMES - {'金'}))}]"
    rf"|(?<=[叫是人名])[{''.join(sorted(SURNAMES))}])"
    rf"(?:[*]{{1,2}}(?![元块一])(?:{HAN}(?!{HAN}))?|[xX×]{{2}}(?![0-9A-Za-z])|某某?)"
    r"(?=的|说|先生|女士|表示|[^\u4e00-\u9fff]|$))"
)
_SEPARATOR = "[ ,;:。、/|(-]{0,3}"
_LABEL = "(?:联系电话|电话|手机号?码?|身份证号?码?|号码|住址|地址|卡号|微信|QQ)?"
BEFORE_NUMBER = re.compile(rf"{EDGE}(?={HAN}{{2,4}}?(?:收|先生|女士)?{_SEPARATOR}{_LABEL}{_SEPARATOR}[{_NEAR}])")
AFTER_NUMBER = re.compile(rf"(?<=[{_NEAR}]){_SEPARATOR}(?={HAN})")
RECEIVER = re.compile("收(?![到货费取起不没拿了个藏入据])")
# Between an address and a telephone number stands the receiver, whatever the surname.
BETWEEN = re.compile(
    rf"(?<=[{BLANKS['address']}]) ?[ ,;。、/|]{{1,2}}({HAN}{{2,4}})收?[ ,;。、/|]{{1,2}}"
    rf"(?=[{BLANKS['mobile']}{BLANKS['landline']}])"
)
NOT_BETWEEN = re.compile("电话|手机|联系|号|收|门口|放|送|谢|家|改|有|没|不")

# Where a clause or an object may start.
FREE = re.compile(
    rf"(?:(?<!{HAN})|(?<=[是下个找给跟和问让请由到联系叫谢位向对与被把说查为的以知托消]))(?={HAN}{{2}})"
    rf"|(?=[{CLEAR_SURNAMES}]{HAN}{{2}})"
)
# Somebody is asked for by these, so even 费婉清 is a name there.
ASKED_FOR = frozenset("找叫")
OWNS = re.compile(
    "[你您]好|先?在吗|在不在|给[我你您他她]|亲自|一起|一块儿?|说|反映|反馈|同意|办理|打[过来]|没[回来到]|要(?:退|换|投诉|求)|申请|是我(?:朋友|老|妈|爸|哥|姐|弟|妹|同)"
    "|的(?:身份证|驾驶证|护照|医保|社保|订单|快递|包裹|号|账号|账户|缴费|保单|课|积分|手机|会员|卡|电话|件|单子|退款|投诉|报修|预约|费用|发票|名字|信息|资料|行李|机票|票|名义|团购|表格?|座位|房间|合同|贷款|工资|孩子)"
    "|这个名字|名下|本人"
)
