"""Chinese terms of the field, for the page."""

from __future__ import annotations

# Metric → Chinese name, and what it says.
METRIC_NAMES: dict[str, tuple[str, str]] = {
    "macro_f1": ("宏平均 F1", "各标签 F1 的平均，大小标签同等重要"),
    "weighted_f1": ("加权 F1", "各标签 F1 按条数加权"),
    "accuracy": ("准确率", "判对的比例"),
    "balanced_accuracy": ("平衡准确率", "各标签召回率的平均"),
    "mcc": ("马修斯相关系数", "0 等于乱猜，1 为全对"),
    "top3_accuracy": ("前三准确率", "正确标签在概率最高的三个之内"),
    "top5_accuracy": ("前五准确率", "正确标签在概率最高的五个之内"),
    "log_loss": ("对数损失", "正确标签概率的负对数平均"),
    "brier": ("Brier 分数", "概率与事实的平方距离"),
    "quadratic_kappa": ("二次加权 Kappa", "超出偶然的一致程度，差得越远扣得越多"),
    "mae": ("平均绝对误差", "平均差几级"),
    "within_one_accuracy": ("相差一级以内", "最多差一级的比例"),
    "spearman": ("斯皮尔曼相关", "真实等级与判断等级的秩相关"),
    "micro_f1": ("微平均 F1", "所有标签判断合在一起的 F1"),
    "sample_f1": ("样本平均 F1", "每条消息标签集合 F1 的平均"),
    "jaccard": ("杰卡德系数", "每条消息标签集合的交并比平均"),
    "subset_accuracy": ("完全匹配率", "标签集合完全正确的比例"),
    "hamming_loss": ("汉明损失", "是否判断出错的比例"),
    "mean_average_precision": ("平均精确率均值", "各标签精确率-召回率曲线下面积的平均"),
}

# English names that are more than the metric's own in other letters.
ENGLISH = {
    "macro_f1": "Macro F1", "weighted_f1": "Weighted F1", "micro_f1": "Micro F1", "sample_f1": "Sample F1",
    "mcc": "Matthews correlation",
    "mae": "Mean absolute error", "top3_accuracy": "Top-3 accuracy", "top5_accuracy": "Top-5 accuracy",
    "brier": "Brier score",
    "quadratic_kappa": "Quadratic kappa", "within_one_accuracy": "Within one level", "spearman": "Spearman correlation",
}  # fmt: skip

SLICE_NAMES = {
    "channel": "渠道", "product": "产品", "length": "字数", "script": "文字", "emoji": "表情",
    "personal_data": "个人信息",
    "context": "上文", "time": "时间", "month": "月份", "part of day": "时段", "category": "类别", "domain": "领域",
    "region": "地区",
    "near_duplicate_in_training": "训练集中有近似重复", "store": "门店", "brand": "品牌", "source": "来源",
    "hard": "难点",
}  # fmt: skip

VALUE_NAMES = {
    "han": "汉字", "traditional": "繁体", "han and latin": "中英混写", "latin": "拉丁字母", "neither": "其他",
    "none": "无", "emoji": "emoji",
    "masked": "含占位符", "with": "有", "without": "无", "yes": "是", "no": "否", "morning": "上午",
    "afternoon": "下午", "evening": "晚上",
    "night": "凌晨", "others": "其余", "chat": "在线聊天", "call": "电话", "review": "评价", "survey": "问卷",
    "social": "社交媒体", "email": "邮件",
}  # fmt: skip

SPLITS = {"train": "训练集", "validation": "验证集", "test": "测试集"}
KINDS = {"single": "单标签", "ordinal": "有序", "multi": "多标签"}
VERDICTS = {"pass": "通过", "fail": "不通过", "undecided": "无法判定"}
TYPES = {
    "minimum_functionality": ("must know", "必会"),
    "invariance": ("must not change", "不应变"),
    "directional": ("must move", "应朝一方变"),
}
LOSSES = {"error rate": "错误率", "levels off": "平均差几级", "share of wrong yes/no decisions": "是否判断的错误率"}
SCORES = {
    "probability": ("probability", "概率"),
    "energy": ("energy", "能量"),
    "mahalanobis": ("Mahalanobis", "马氏距离"),
}
# Keys of a data set's card.
KNOWN = {"task": "任务", "licence": "许可", "source": "来源", "trouble": "已知问题"}
COSTS = {
    "training": "训练用时", "parameters": "参数量", "backbone": "骨干模型", "device": "设备", "precision": "精度",
    "seed": "随机种子", "git commit": "代码版本",
    "weights": "权重", "one text, median": "单条耗时（中位）", "one text, 95th percentile": "单条耗时（95 分位）",
    "measured on": "测于",
}  # fmt: skip
