//! Plays the directives of a question.

use super::{
    Task, UsualAnswer, shaped,
    write::{self, Call},
};
use crate::{
    directives::{Closing, Manner, Round, Script, ScriptedCall, Search},
    prompt::Toolbox,
    schema,
};

/// What the script says now; `None` when it has nothing left to say.
pub(super) fn answer(task: &Task<'_>, script: &Script) -> Option<UsualAnswer> {
    let at = task.asked.rounds;
    let round = script.rounds.get(at);
    let closed = at
        .checked_sub(1)
        .and_then(|before| script.rounds.get(before).or(script.rounds.last()));
    let mut texts = Vec::new();
    texts.extend(closed.and_then(|round| closing(task, round)));
    texts.extend(round.and_then(|round| round.say.clone()));
    let calls = match (&task.prompt.tools, round) {
        (Some(toolbox), Some(round)) => calls(task, toolbox, &round.calls),
        _ => Vec::new(),
    };
    if !calls.is_empty() {
        let lead = texts.join("\n\n");
        return Some(UsualAnswer::awkward(write::calls(
            task,
            Some(&lead),
            &calls,
        )));
    }
    texts.extend(round.and_then(|round| closing(task, round)));
    let searches = round.map_or_else(Vec::new, |round| searches(task, round));
    if texts.is_empty() {
        return (!searches.is_empty()).then(|| searched(task, searches));
    }
    Some(UsualAnswer {
        is_cited: !searches.is_empty() && task.prompt.output.is_none(),
        is_awkward: task.prompt.output.is_some(),
        searches,
        ..UsualAnswer::text(texts.join("\n\n"))
    })
}

/// An answer that is made from what was found.
fn searched(task: &Task<'_>, searches: Vec<Search>) -> UsualAnswer {
    let text = task.prompt.output.as_ref();
    let text = text.map(|output| shaped::fitting(task, output));
    UsualAnswer {
        is_awkward: text.is_some(),
        text,
        searches,
        ..UsualAnswer::default()
    }
}

fn searches(task: &Task<'_>, round: &Round) -> Vec<Search> {
    let is_possible = |search: &&Search| task.places.contains(&search.kind);
    round.searches.iter().filter(is_possible).cloned().collect()
}

fn closing(task: &Task<'_>, round: &Round) -> Option<String> {
    match (round.closing.as_ref()?, &task.prompt.output) {
        (Closing::BadAtFirst(_), Some(output)) if task.prompt.is_correction => {
            Some(shaped::fitting(task, output))
        }
        (Closing::Text(text) | Closing::BadAtFirst(text), _) => Some(text.clone()),
    }
}

/// The calls of a round. A correction repeats those that were wrong, or all if none was.
fn calls(task: &Task<'_>, toolbox: &Toolbox, scripted: &[ScriptedCall]) -> Vec<Call> {
    let is_correction = task.prompt.is_correction;
    let is_bad = |call: &&ScriptedCall| call.manner == Manner::BadAtFirst;
    let only_bad = is_correction && scripted.iter().any(|call| is_bad(&call));
    let scripted = scripted.iter().filter(|call| !only_bad || is_bad(call));
    scripted
        .map(|call| Call {
            name: call.name.clone(),
            arguments: if only_bad {
                corrected(task, toolbox, call)
            } else {
                call.arguments.clone()
            },
            is_broken: call.manner == Manner::Broken && !is_correction,
        })
        .collect()
}

fn corrected(task: &Task<'_>, toolbox: &Toolbox, call: &ScriptedCall) -> String {
    match toolbox.find(&call.name) {
        Some(tool) => schema::arguments(&tool.parameters, &mut task.cues()).to_string(),
        None => call.arguments.clone(),
    }
}
