"""The gate's sentences, English → Chinese. {name} stands for anything; gate_words.py says which are translated."""

from __future__ import annotations

# The first pattern that fits a whole clause is taken, so that longer ones of the same beginning stand first.
WANTED = {
    "recall ({end}) >= {limit} for labels with {rows}+ rows": "样本不少于 {rows} 条的标签，召回率（{end}）≥ {limit}",
    "pass rate ({end}) >= {limit}": "通过率（{end}）≥ {limit}",
    "{metric} ({end}) >= {limit} in every value of slice *": "每个切片的每个取值：{metric}（{end}）≥ {limit}",
    "{metric} ({end}) >= {limit} in every value of slice {name}": "切片 {name} 的每个取值：{metric}（{end}）≥ {limit}",
    "{metric} in any slice at most {limit} worse than in the whole": "任一切片的{metric}比整体最多差 {limit}",
    "{metric} in slice {name} at most {limit} worse than in the whole": "切片 {name} 的{metric}比整体最多差 {limit}",
    "{metric} better than a constant answer by more than {limit}": "{metric}比固定回答好 {limit} 以上",
    "{metric} no worse than the champion's by more than {limit}": "{metric}比在用模型最多差 {limit}",
    "{end} of one message at a time ({on}) <= {limit} ms": "逐条回答耗时的{end} ≤ {limit} 毫秒",
    "{metric} ({end}) >= {limit}": "{metric}（{end}）≥ {limit}",
    "{metric} ({end}) <= {limit}": "{metric}（{end}）≤ {limit}",
    "n >= {limit}": "样本数 ≥ {limit}",
    "largest absolute difference <= {limit}, same decisions": "最大绝对差 ≤ {limit}，且判定相同",
    "at most {limit} MB": "不超过 {limit} MB",
    "at most {limit} findings of {name} in the data ({severity} or worse)": (
        "数据检查 {name} 最多 {limit} 项超限（{severity}及以上）"
    ),
    "at most {limit} findings in the data ({severity} or worse)": "数据检查最多 {limit} 项超限（{severity}及以上）",
    "int8 loses at most {limit} ({end})": "int8 最多损失 {limit}（{end}）",
    "each metric as the stored answers give it": "每个指标都与保存的回答重算一致",
}
FOUND = {
    "nothing usable": "没有可用的结果",
    "{part}, all too small": "{part}，样本都太少",
    "{n} labels": "{n} 个标签",
    "{n} values": "{n} 个取值",
    "{n} findings": "{n} 项",
    "{n} metrics": "{n} 个指标",
    "no int8 in the bundle": "模型包里没有 int8",
    "{x}, same decisions": "{x}，判定相同",
    "{x}, decisions differ or were not compared": "{x}，判定不同或未比较",
    "{x} against {y}: {d} ({low} to {high}, n={n})": "{x}，在用模型 {y}：差 {d}（{low} 至 {high}，n={n}）",
    "{x} ({low} to {high}, n={n}) against {y}": "{x}（{low} 至 {high}，n={n}），固定回答 {y}",
    "{label}: {x} ({low} to {high}, n={n})": "{label}：{x}（{low} 至 {high}，n={n}）",
    "{x} ({low} to {high}, n={n})": "{x}（{low} 至 {high}，n={n}）",
}
REASONS = {
    "the whole interval is within the limit": "整个区间在限值之内",
    "the whole interval is beyond the limit": "整个区间超出限值",
    "the limit lies inside the interval": "限值落在区间之内",
    "the value is {within} the limit": "数值{within}",
    "the whole interval is better than the constant answer": "整个区间都好于固定回答",
    "no part of the interval is better than the constant answer": "区间内没有一处好于固定回答",
    "these {counted} can show {least}": "现有的{counted}能分辨 {least} 的差别",
    "no affordable number of them would decide": "再多数据也难以定论",
    "about {n} more {units} would decide": "约再有 {n} {units}即可定论",
    "a true drop of {least} would have shown": "真有 {least} 的下降本可看出",
    "labelled rows of this task": "本任务的已标注数据",
    "the worst of {n} labels": "{n} 个标签中最差的一个",
    "the worst of {n} values": "{n} 个取值中最差的一个",
    "{n} labels are too small to tell": "{n} 个标签样本太少，无法判断",
    "{n} values are too small to tell": "{n} 个取值样本太少，无法判断",
    "{n} values of {name} under {rows} rows were not compared": "{name} 有 {n} 个取值不足 {rows} 条，未比较",
    "all of them are too small": "样本都太少",
    "no label has {rows} rows": "没有标签达到 {rows} 条",
    "no value of {name} has {rows} rows": "{name} 没有取值达到 {rows} 条",
    "no worse than the margin, shown ({test}, p={p} over {n} comparisons)": (
        "已证明不超出容许差（{test}，p={p}，共 {n} 项比较）"
    ),
    "worse, shown ({test}, p={p} over {n} comparisons)": "已证明变差（{test}，p={p}，共 {n} 项比较）",
    "neither worse nor within the margin is shown ({test}, p={p} over {n} comparisons)": (
        "既未证明变差，也未证明在容许差之内（{test}，p={p}，共 {n} 项比较）"
    ),
    "{name} on {rows} rows": "{name}，{rows} 条",
    "the whole bundle": "整个模型包",
    "format {name}": "格式 {name}",
    "none is over its limit": "没有一项超限",
    "all of them agree": "全部一致",
    "{n} of {rows} answers changed": "{rows} 个回答中有 {n} 个改变",
    "the report has no {part}": "报告里没有 {part}",
    "the report lacks {names}": "报告缺少 {names}",
    "no champion was given": "没有给出在用模型",
    "the candidate is the champion itself": "候选模型就是在用模型本身",
    "the candidate answers every row exactly as the champion does: it is the same model": (
        "候选模型的每个回答都与在用模型相同：是同一个模型"
    ),
    "the candidate was measured on {n} rows, the champion on {rows}": "候选模型测了 {n} 条，在用模型测了 {rows} 条",
    "{n} rows have other gold labels in the two": "两份数据有 {n} 条的标准答案不同",
    "the answers have no slice at all": "回答里没有任何切片",
    "the answers have no slice {name}": "回答里没有切片 {name}",
    "the answers lack task {name}": "回答里缺少任务 {name}",
    "the answers beside {whose} are not those that it was made from": "{whose}旁的回答不是生成它的那一份",
    "{whose} has no answers of its {split} rows beside it (answers.npz): evaluate it again": (
        "{whose}旁没有 {split} 的回答（answers.npz）：请重新评测"
    ),
    "{whose} says {metric} {x} (n={n}), its answers give {y} (n={rows})": (
        "{whose}写的{metric}是 {x}（n={n}），按其回答重算是 {y}（n={rows}）"
    ),
    "{name} is {x} in the report, its answers give {y}": "报告里 {name} 是 {x}，按其回答重算是 {y}",
    "{name} is {x} in the report, there are {y} answers": "报告里 {name} 是 {x}，回答有 {y} 个",
    "{name} cannot be computed from the answers, but the report has a value": "{name} 无法由回答算出，报告里却有数值",
    "the decoding of task {name} makes no sense": "任务 {name} 的解码设置不合理",
    "no data check ran (checks=default runs them)": "没有运行数据检查（用 checks=default 运行）",
    "the data check {name} did not run": "数据检查 {name} 没有运行",
    "the manifest names no file": "清单里没有文件",
    "the parity record names no format": "一致性记录里没有格式",
    "parity of {name} was not measured on any row": "{name} 的一致性没有在任何数据上测量",
    "{name} and its interval contradict each other": "{name} 与其区间相互矛盾",
    "{name} has no value: {why}": "{name} 没有数值：{why}",
    "{name} is {x}, not {kind}": "{name} 是 {x}，不是{kind}",
    "{name}.n is {n}, not a count of rows": "{name}.n 是 {n}，不是样本数",
    "{name}.low {x} is above {other}.high {y}": "{name} 的下限 {x} 高于上限 {y}",
    "{name} lies outside its range {low} to {high}": "{name} 超出取值范围 {low} 至 {high}",
    "metric {name} is not known": "没有名为 {name} 的指标",
    "{metric} is better when lower: {advice}": "{metric}越低越好：{advice}",
    "{metric} is better when higher: {advice}": "{metric}越高越好：{advice}",
    "they were measured on other rows: {n} texts only the candidate has, {rows} only the champion": (
        "两者测的数据不同：{n} 条只有候选模型有，{rows} 条只有在用模型有"
    ),
    "the two have other labels for task {name}": "两者在任务 {name} 上的标签不同",
    "the {side} has no answers for task {name}": "{side}没有任务 {name} 的回答",
    "a finding of the data checks makes no sense": "数据检查有一项结果不合理",
    "slice {name} has no value": "切片 {name} 没有取值",
    "suite {name} has no test": "测试集 {name} 里没有测试",
    "test {name} has no case": "测试 {name} 没有用例",
    "the labels of task {name} are missing": "缺少任务 {name} 的标签",
    "the manifest has a file without content": "清单里有空文件",
    "the per-label table lacks {names}": "各标签表缺少 {names}",
    "the {name} is missing": "缺少 {name}",
    "metric {metric} is missing": "缺少指标{metric}",
    "{name} is missing": "缺少 {name}",
    "{name} is {x}": "{name} 是 {x}",
}
