//! Chinese answers.

use super::{Prompt, Wish, program};
use crate::hash::{mix, pick};

pub(super) fn reasoning(topic: &str, seed: u64) -> Vec<String> {
    let check = pick(
        mix(seed, 11),
        &[
            "先给出定义，再举一个可以验证的例子。",
            "这里有两种理解，日常的那一种更合理。",
        ],
    );
    vec![
        format!("问题是“{topic}”，先弄清楚真正想知道什么。\n"),
        format!("{check}\n"),
        "整理顺序：先说结论，再说理由。\n".to_owned(),
    ]
}

pub(super) fn answer(prompt: &Prompt<'_>, wish: Wish) -> String {
    let body = match wish {
        Wish::Greeting => return greeting(),
        Wish::Code => code(prompt),
        Wish::Table => table(),
        Wish::Steps => steps(),
        Wish::Essay => essay(prompt),
        Wish::Explanation => explanation(prompt),
    };
    format!(
        "{}{}{body}\n\n{}",
        attachments(prompt),
        opening(prompt),
        closing(prompt)
    )
}

fn greeting() -> String {
    "你好！我是演示模型：回答由本机生成，不需要任何账号就可以试用全部功能。\n\n\
     你可以让我写一段**代码**、列一张**表格**、拟一份**计划**，或者写一篇**文章**。"
        .to_owned()
}

fn attachments(prompt: &Prompt<'_>) -> String {
    let names: Vec<String> = prompt
        .attachments
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "已收到你的 {} 个文件：{}。\n\n",
        names.len(),
        names.join("、")
    )
}

fn opening(prompt: &Prompt<'_>) -> String {
    let topic = &prompt.topic;
    match mix(prompt.seed, 1) % 2 {
        0 => format!("关于**{topic}**，可以分几部分来看。\n\n"),
        _ => format!("先说结论，再解释**{topic}**。\n\n"),
    }
}

fn closing(prompt: &Prompt<'_>) -> &'static str {
    pick(
        mix(prompt.seed, 2),
        &[
            "如果你告诉我最关心哪一部分，我可以讲得更细。",
            "需要更短的版本，还是更多的例子？",
        ],
    )
}

fn explanation(prompt: &Prompt<'_>) -> String {
    let image = pick(mix(prompt.seed, 3), &["一本整理好的笔记", "一张清楚的地图"]);
    format!(
        "## 核心思路\n\n可以把它想成{image}：每个部分都很简单，价值在于怎样组合。\n\n\
         - **是什么**：用一句话说清楚的目的。\n\
         - **为什么重要**：每次使用都替你省下一个决定。\n\
         - **边界在哪里**：例外情况是有意处理的，不靠运气。\n\n\
         ## 小例子\n\n```text\n输入 -> 理解 -> 判断 -> 输出\n```\n\n\
         ## 一览\n\n| 方面 | 说明 |\n| --- | --- |\n| 投入 | 开始少，之后稳定 |\n\
         | 收益 | 越用越多 |\n| 风险 | 一次做得太多 |"
    )
}

fn code(prompt: &Prompt<'_>) -> String {
    let (language, text) = program(&prompt.lower);
    format!(
        "## 示例\n\n```{language}\n{text}```\n\n## 说明\n\n1. 先把输入按空白切分成单词。\n\
         2. 用映射记录每个单词的次数。\n3. 结果按固定顺序输出，方便测试。\n\n\
         时间复杂度为 `O(n log n)`。"
    )
}

fn table() -> String {
    "## 对比\n\n| 项目 | 方案一 | 方案二 |\n| --- | --- | --- |\n| 成本 | 低 | 中等 |\n\
     | 速度 | 稳定 | 开始较快 |\n| 学习时间 | 半天 | 一周 |\n| 长期维护 | 很少 | 定期 |\n\n\
     **总结：** 日常使用选哪一个都可以，换之前先测量。"
        .to_owned()
}

fn steps() -> String {
    "## 步骤\n\n1. **开始**：写下怎样才算完成。\n2. **准备**：把需要的东西放在手边。\n\
     3. **动手**：小步进行，每一步都看结果。\n4. **检查**：和第一步对照。\n\
     5. **记录**：留下有效的做法，下次再用。\n\n> 时间请多留四分之一。"
        .to_owned()
}

fn essay(prompt: &Prompt<'_>) -> String {
    let parts = [
        ("缘起", "每个话题都有一个时刻，从理所当然变成值得思考。"),
        ("原理", "仔细看，其实是几条简单的规则在起作用。"),
        ("误区", "最常见的错误，是从例外开始理解。"),
        ("例子", "假设要在散步时讲给一位有耐心的朋友听。"),
        ("展望", "规则熟悉之后，真正有趣的问题才刚刚开始。"),
    ];
    let filler = [
        "细节各不相同，但整体的形状是一样的，心里留一个具体的画面会很有帮助。",
        "看起来是口味的问题，往往是时间的问题：容易改变的选择，不必想得太久。",
        "这与其说是规则，不如说是习惯，而习惯要在实践中养成。",
    ];
    let sections = parts.iter().enumerate().map(|(n, (title, first))| {
        let at = |k: u64| pick(mix(prompt.seed, n as u64 * 7 + k), &filler);
        format!("## {title}\n\n{first}{}{}\n\n{}", at(1), at(2), at(3))
    });
    sections.collect::<Vec<_>>().join("\n\n")
}
