"""Chinese surnames and the characters of common given names."""

from __future__ import annotations

# The common surnames of the 2020 census report (Ministry of Public Security), less those that mostly are other words in
# customer messages (和 时 都 计 那 查 有 能 过 从 经 车 水 ...).
TOP_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖"
    "贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤萧"
)
OTHER_SURNAMES = frozenset(
    "常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路"
    "游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳穆农司卓古吉缪简项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞"
    "姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池麻苑迟邝封官谌揭匡鞠鄢楼谈蔺苏闻郗"
)
COMPOUND_SURNAMES = (
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|司徒|夏侯|端木|南宫|轩辕"
    "|独孤|百里|呼延|申屠|太史|闻人|东郭|西门|澹台"
)
# Surnames that start many ordinary words: they need a stronger cue than 我是 or a role.
WORD_LIKE_SURNAMES = frozenset(
    "童应全连项楼解边游简路古党费冷管左司成封单米麦农商迟谈申关安方明沙齐宁常官景平明尚符向于万段钱"
)

# Characters of most given names (frequency lists of the 2020 report of the Ministry of Public Security).
GIVEN_CHARACTERS = frozenset(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红娥玲芬燕云兰凤洁梅琳素珍莉雪荣爱妹香月莺媛瑞凡佳嘉琼勤贞桃翠雅芝"
    "峰斌波辉健俊帆飞鹏海江浩宇轩涵梓子一诺欣怡雨思梦瑶琪晨阳博文昊天泽睿铭皓然志国建东林龙生永庆祥福贵富德仁义礼智信忠孝良善"
    "庭婷倩颖晓小慧惠淑菊蓉莲芸菲萌薇蕾岚珊莎黛璐璇瑾璟琦瑜璋瑛珠珊冰冬春秋夏晴曦旭昕晶晖曼若语诗书画琴心悦乐笑可依伊紫青蓝"
    "立启家宏宝兴旺发财元成功胜利长远大山川河源清泉润霖森柏松栋梁树根苗航舟帅虎彪威武雄豪毅坚恒宁安康乐韵音声鸣翔鹤鸿雁灵"
    "克凯恺楷锋锐钢铁金银钰铮锦鑫炎焱煜炜烨灿焕煊景晋朝凌霄云腾越跃达逸远征程奇琛珂玮玥璨瑄锡卫民世代杨柳莹美艺蓓蕊苇茜荷"
)
