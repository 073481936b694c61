//! English answers.

use super::{Prompt, Wish, program};
use crate::hash::{mix, pick};

pub(super) fn reasoning(topic: &str, seed: u64) -> Vec<String> {
    let check = pick(
        mix(seed, 11),
        &[
            "A short definition first, then an example that can be checked by hand.",
            "Two readings are possible; the everyday one is more likely meant.",
            "I should name the trade-off plainly instead of listing everything.",
        ],
    );
    vec![
        format!("The question is about \"{topic}\". Let me sort out what is being asked.\n"),
        format!("{check}\n"),
        "Now put it in order: the answer first, then the reasons.\n".to_owned(),
    ]
}

pub(super) fn answer(prompt: &Prompt<'_>, wish: Wish) -> String {
    let body = match wish {
        Wish::Greeting => return greeting(prompt),
        Wish::Code => code(prompt),
        Wish::Table => table(prompt),
        Wish::Steps => steps(prompt),
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

fn greeting(prompt: &Prompt<'_>) -> String {
    let hello = pick(prompt.seed, &["Hello!", "Hi there!", "Good to see you!"]);
    format!(
        "{hello} I am the demo model: my answers are made up on this machine, so you can try \
         everything without an account.\n\nAsk for **code**, a **table**, a **plan** or a \
         **long essay** and I will produce one."
    )
}

fn attachments(prompt: &Prompt<'_>) -> String {
    let names: Vec<String> = prompt
        .attachments
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len() {
        0 => String::new(),
        1 => format!("I received your file {}.\n\n", names.concat()),
        count => format!("I received your {count} files: {}.\n\n", names.join(", ")),
    }
}

fn opening(prompt: &Prompt<'_>) -> String {
    let topic = &prompt.topic;
    match mix(prompt.seed, 1) % 3 {
        0 => format!("Let me take **{topic}** piece by piece.\n\n"),
        1 => format!("Good question. Here is the short version of **{topic}**.\n\n"),
        _ => format!("You asked about **{topic}**; here is how I would put it.\n\n"),
    }
}

fn closing(prompt: &Prompt<'_>) -> &'static str {
    pick(
        mix(prompt.seed, 2),
        &[
            "Tell me which part matters most to you and I will go deeper.",
            "If you share a concrete example, I can adapt this to it.",
            "Would you like a shorter version, or one with more detail?",
        ],
    )
}

fn explanation(prompt: &Prompt<'_>) -> String {
    let image = pick(
        mix(prompt.seed, 3),
        &[
            "a well-kept notebook",
            "a railway timetable",
            "a recipe that scales",
            "a good map",
        ],
    );
    format!(
        "## The idea\n\nThink of it as {image}: the parts are simple, and the value is in how they \
         fit together.\n\n\
         - **What it is** – one clear purpose, stated in a sentence.\n\
         - **Why it matters** – it saves you a decision every time you use it.\n\
         - **Where it ends** – edge cases are handled on purpose, not by luck.\n\n\
         ## A small example\n\n```text\ninput   ->  understand  ->  decide  ->  output\n```\n\n\
         ## At a glance\n\n| aspect | in short |\n| --- | --- |\n| effort | low at first, \
         then steady |\n| benefit | grows with use |\n| risk | doing too much at once |"
    )
}

fn code(prompt: &Prompt<'_>) -> String {
    let (language, text) = program(&prompt.lower);
    format!(
        "## Example\n\n```{language}\n{text}```\n\n## How it works\n\n\
         1. The input is split into words.\n\
         2. A map holds one count for each word.\n\
         3. The result comes out in a fixed order, so it is easy to test.\n\n\
         It runs in `O(n log n)` time and needs memory for the distinct words only."
    )
}

fn table(prompt: &Prompt<'_>) -> String {
    let winner = pick(mix(prompt.seed, 4), &["the first", "the second", "either"]);
    format!(
        "## Side by side\n\n\
         | criterion | first option | second option |\n| --- | --- | --- |\n\
         | cost | low | moderate |\n| speed | steady | quick at first |\n\
         | effort to learn | an afternoon | a week |\n| long-term care | little | regular |\n\n\
         **In short:** for everyday use {winner} is a fine choice; measure before you switch."
    )
}

fn steps(prompt: &Prompt<'_>) -> String {
    let first = pick(
        mix(prompt.seed, 5),
        &[
            "Write down what \"done\" means.",
            "Start with the smallest useful piece.",
        ],
    );
    format!(
        "## Step by step\n\n1. **Begin.** {first}\n\
         2. **Prepare.** Gather what you need and put the rest away.\n\
         3. **Do.** Work in short rounds and look at the result after each.\n\
         4. **Check.** Compare with the first step, not with your mood.\n\
         5. **Keep.** Note what worked, for the next time.\n\n\
         > Plan for a quarter more time than you think."
    )
}

fn essay(prompt: &Prompt<'_>) -> String {
    let parts = [
        (
            "Beginnings",
            "Every subject has a moment at which it stops being obvious.",
        ),
        (
            "How it works",
            "Look closely and a few simple rules turn out to do most of the work.",
        ),
        (
            "What people get wrong",
            "The common mistake is to start from the exception.",
        ),
        (
            "An example",
            "Suppose you had to explain it to a patient friend on a long walk.",
        ),
        (
            "Limits",
            "No account is complete, and it is worth saying where this one stops.",
        ),
        (
            "What follows",
            "Once the rules are familiar, the interesting questions change.",
        ),
    ];
    let filler = [
        "The details differ from case to case, but the shape stays the same.",
        "It helps to keep one concrete picture in mind and to return to it often.",
        "What looks like a matter of taste is often a matter of time: some choices are cheap to \
         change later, and those deserve less thought than they get.",
        "A careful reader will notice that nothing here depends on size.",
        "That is less a rule than a habit, and habits are learnt by doing.",
    ];
    let sections = parts.iter().enumerate().map(|(n, (title, first))| {
        let at = |k: u64| pick(mix(prompt.seed, n as u64 * 7 + k), &filler);
        format!(
            "## {title}\n\n{first} {} {}\n\n{} {}",
            at(1),
            at(2),
            at(3),
            at(4)
        )
    });
    sections.collect::<Vec<_>>().join("\n\n")
}
