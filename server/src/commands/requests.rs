//! `grok2api requests`: what the request records say, also while the server runs.

use std::{fmt::Write, time::Duration};

use anyhow::{Context, bail};
use store::{AttemptRow, RequestQuery, RequestReader, RequestRow};

use crate::{
    cli::RequestsArgs,
    clock::{date_time, now_ms},
};

/// The records that the arguments ask for, as text.
///
/// # Errors
/// The store cannot be read, or there is no request of that id.
pub(super) async fn print(reader: &RequestReader, args: &RequestsArgs) -> anyhow::Result<String> {
    if let Some(id) = &args.id {
        return match reader.get(id).await.context("reading the record")? {
            Some(row) => Ok(details(&row)),
            None => bail!("there is no record of the request `{id}`"),
        };
    }
    let query = RequestQuery {
        since_ms: args.since.map(ago),
        only_failed: args.failed,
        ..RequestQuery::newest(args.limit)
    };
    let rows = reader.list(&query).await.context("reading the records")?;
    let more = if rows.len() == args.limit as usize {
        format!("\n(the newest {}; more with --limit)", args.limit)
    } else {
        String::new()
    };
    Ok(table(&rows) + &more)
}

fn ago(span: Duration) -> i64 {
    now_ms().saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

/// A text that a caller chose, without what a terminal would obey.
fn plain(text: &str) -> String {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if is_odd(c) { '\u{fffd}' } else { c })
        .collect()
}

fn table(rows: &[RequestRow]) -> String {
    if rows.is_empty() {
        return "No requests.".to_owned();
    }
    let mut lines = vec![
        [
            "time (UTC)",
            "id",
            "model",
            "account",
            "ms",
            "tokens",
            "outcome",
        ]
        .map(str::to_owned),
    ];
    lines.extend(rows.iter().map(cells));
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for line in lines {
        let cells = line.iter().zip(widths);
        let padded = cells.map(|(cell, width)| format!("{cell:<width$}"));
        out.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

fn cells(row: &RequestRow) -> [String; 7] {
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), plain);
    [
        date_time(row.at_ms),
        row.id.clone(),
        or_dash(&row.model),
        or_dash(&row.account),
        row.duration_ms.to_string(),
        (row.prompt_tokens + row.completion_tokens).to_string(),
        outcome(row),
    ]
}

fn outcome(row: &RequestRow) -> String {
    let code = row.error_code.as_deref();
    let tail = code.map_or_else(String::new, |code| format!(" {code}"));
    format!("{} {}{tail}", row.status, row.outcome.as_str())
}

/// One request with every try.
fn details(row: &RequestRow) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<12} {value}");
        }
    };
    let text = |value: &Option<String>| plain(value.as_deref().unwrap_or_default());
    line("request", row.id.clone());
    line("time", format!("{} UTC", date_time(row.at_ms)));
    line("endpoint", row.endpoint.clone());
    line(
        "caller",
        [text(&row.key), text(&row.client)]
            .join(" ")
            .trim()
            .to_owned(),
    );
    line("asked for", text(&row.model));
    line("model", text(&row.served_model));
    line("account", text(&row.account));
    line("outcome", outcome(row));
    line(
        "first byte",
        row.first_byte_ms
            .map_or_else(String::new, |ms| format!("{ms} ms")),
    );
    line("duration", format!("{} ms", row.duration_ms));
    line("sent", format!("{} bytes", row.bytes));
    let estimate = if row.estimated { ", estimated" } else { "" };
    line(
        "tokens",
        format!(
            "{} prompt, {} completion ({} reasoning{estimate})",
            row.prompt_tokens, row.completion_tokens, row.reasoning_tokens
        ),
    );
    line("quota", row.cost.to_string());
    if row.attempts.is_empty() {
        line("accounts", "none was tried".to_owned());
    }
    for (at, attempt) in row.attempts.iter().enumerate() {
        line(&format!("try {}", at + 1), attempt_line(attempt));
        line("  others", skipped(attempt));
    }
    out.truncate(out.trim_end().len());
    out
}

fn attempt_line(attempt: &AttemptRow) -> String {
    if attempt.account.is_empty() {
        return "no account could be chosen".to_owned();
    }
    let status = attempt.status;
    let status = status.map_or_else(String::new, |status| format!(" (HTTP {status})"));
    format!(
        "account …{}, chosen: {}; {}{status} after {} ms",
        attempt.account, attempt.choice, attempt.outcome, attempt.duration_ms
    )
}

fn skipped(attempt: &AttemptRow) -> String {
    let skips = attempt.skipped.iter();
    let parts: Vec<_> = skips
        .map(|(reason, count)| format!("{count} {}", reason.replace('_', " ")))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("not selectable: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Outcome;

    fn row() -> RequestRow {
        RequestRow {
            id: "0191".to_owned(),
            at_ms: 1_772_700_000_000,
            endpoint: "chat.completions".to_owned(),
            stream: true,
            key: Some("key-12ab34cd".to_owned()),
            client: Some("192.0.2.1".to_owned()),
            model: Some("gpt-4o".to_owned()),
            served_model: Some("grok-4".to_owned()),
            account_id: Some("a".to_owned()),
            account: Some("9f3c".to_owned()),
            attempts: vec![
                AttemptRow {
                    account: "0001".to_owned(),
                    choice: "most quota (80 left)".to_owned(),
                    outcome: "rate_limited".to_owned(),
                    status: Some(429),
                    duration_ms: 12,
                    skipped: vec![("wrong_tier".to_owned(), 2)],
                },
                AttemptRow {
                    account: "9f3c".to_owned(),
                    choice: "most quota (79 left)".to_owned(),
                    outcome: "answered".to_owned(),
                    ..AttemptRow::default()
                },
            ],
            status: 200,
            outcome: Outcome::Served,
            error_code: None,
            first_byte_ms: Some(40),
            duration_ms: 900,
            bytes: 2048,
            prompt_tokens: 5,
            completion_tokens: 7,
            reasoning_tokens: 2,
            estimated: true,
            cost: 1,
        }
    }

    #[test]
    fn one_request_shows_every_try_and_why() {
        let text = details(&row());
        assert_eq!(
            text,
            "request      0191\n\
             time         2026-03-05 08:40:00 UTC\n\
             endpoint     chat.completions\n\
             caller       key-12ab34cd 192.0.2.1\n\
             asked for    gpt-4o\n\
             model        grok-4\n\
             account      9f3c\n\
             outcome      200 served\n\
             first byte   40 ms\n\
             duration     900 ms\n\
             sent         2048 bytes\n\
             tokens       5 prompt, 7 completion (2 reasoning, estimated)\n\
             quota        1\n\
             try 1        account …0001, chosen: most quota (80 left); rate_limited (HTTP 429) after 12 ms\n  \
             others     not selectable: 2 wrong tier\n\
             try 2        account …9f3c, chosen: most quota (79 left); answered after 0 ms"
        );
    }

    #[test]
    fn what_a_caller_chose_cannot_command_the_terminal() {
        let mut row = row();
        row.model = Some("\u{1b}]0;pwned\u{7}\r\n2026 fake\u{9b}\u{202e}".to_owned());
        for text in [table(std::slice::from_ref(&row)), details(&row)] {
            assert!(
                text.chars().all(|c| c == '\n' || !c.is_control()),
                "{text:?}"
            );
            assert!(!text.contains('\u{202e}'));
            assert!(!text.lines().any(|line| line.starts_with("2026 fake")));
        }
    }

    #[test]
    fn a_list_has_a_line_for_each_in_columns() {
        let mut failed = row();
        failed.account = None;
        failed.status = 429;
        failed.outcome = Outcome::Refused;
        failed.error_code = Some("rate_limit_exceeded".to_owned());
        let text = table(&[row(), failed]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[2].contains("429 refused rate_limit_exceeded"),
            "{text}"
        );
        let column = |line: &str| line.find("gpt-4o");
        assert_eq!(column(lines[1]), column(lines[2]));
        assert_eq!(table(&[]), "No requests.");
    }
}
