"""Words of the address grammar: what a place name may hold, where it starts, and what only looks like one."""

from __future__ import annotations

# Pronouns, particles, question words and negation never stand inside a place name.
NOT_IN_PLACE = "我你您他她它的了吗呢吧啊呀哦嘛么什哪这那请把给被就没很想是在"
PLACE = f"(?:(?![{NOT_IN_PLACE}])[\u4e00-\u9fff])"

# An address starts after the last of these.
CUTS = (
    "到|去|往|住址|住|位于|地址|改成|改为|换成|换为|寄回|寄|发货|送货|送|收货|收件|取件|快递"
    "|派件|派送|配送|上门|安装|维修|麻烦|师傅|帮忙|帮|叫|小哥|骑手|外卖|家里|本人|客户|电话"
    "|手机|退货|退回|搬家|搬|今天|明天|昨天|后天|下午|上午|早上|晚上|现在|目前|填|写|户籍"
    "|籍贯|居住|公司|单位|来|从"
)
PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北"
    "|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
# Large cities are often written without their province.
CITIES = (
    "广州|深圳|杭州|南京|苏州|成都|武汉|西安|郑州|长沙|青岛|济南|沈阳|大连|宁波|厦门|福州"
    "|合肥|昆明|南昌|贵阳|南宁|海口|石家庄|太原|哈尔滨|长春|兰州|银川|西宁|乌鲁木齐|呼和浩特"
    "|拉萨|无锡|常州|南通|徐州|扬州|温州|嘉兴|绍兴|金华|台州|东莞|佛山|珠海|中山|惠州|汕头"
    "|泉州|漳州|烟台|潍坊|临沂|洛阳|唐山|保定|廊坊|芜湖|赣州|襄阳|宜昌|岳阳|株洲|衡阳|绵阳"
    "|柳州|桂林|三亚|大同|包头"
)
ROAD_ENDS = "大道|大街|胡同|公路|路|街|巷|弄|道|里|条|段|环|堤"
# Words that end like a road but name none.
_NOT_ROADS = """
一条 一段 一路 三条 上路 两条 光环 公里 几条 包里 半路 卡里 号段 吊环 味道 哪里 城里 夜里 头条
套路 字段 家里 屋里 店里 心里 思路 手段 手环 手里 报道 时段 柜里 楼里 渠道 电路 盒里 知道 管道
线路 网路 群里 耳环 账里 赛道 走路 跑道 路段 车道 车里 轨道 这里 通道 逛街 那里 铁路 门环 阶段
隧道 频道
"""
NOT_ROADS = frozenset(_NOT_ROADS.split())

# Ends of a compound's name; the strong ones may be followed by a bare room number.
STRONG_COMPOUNDS = (
    "小区|花园|家园|新村|公寓|大厦|佳园|嘉园|名苑|雅苑|公馆|华府|豪庭|家属院|大院|别墅|山庄"
    "|写字楼|商务楼|宿舍楼|宿舍|世家|广场|花苑|名城|新苑|雅居|名邸|华庭|豪苑|丽景|书苑|学府"
    "|庄园|苑|府|庭|邸|轩|阁|湾|居"
)
WEAK_COMPOUNDS = (
    "工业园|产业园|科技园|软件园|创业园|园区|校区|大学|学院|中学|小学|医院|中心|国际|新城|社区"
    "|城|园|里|坊|郡|村|院|岛|谷|汇|港|峰|台|门|楼|都会"
)
# What stands at a house number: ends of the names of shops, offices and parts of a company.
VENUES = (
    "店|馆|铺|部|厅|厂|所|局|站|院|行|社|坊|屋|间|室|厢|仓|库|台|房|楼|处|驿站|超市|包子|早点|面馆|酒店|公司|学校|银行|中心"
    "|门口|对面|旁边|隔壁|楼上|楼下|门卫|前台|后门|侧门|一层|二层|一楼|二楼|三楼"
)
