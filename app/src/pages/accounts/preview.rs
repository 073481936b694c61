//! What would become of pasted cookies.

use crate::{
    api::accounts::preview_accounts,
    components::{Badge, Notice, Tone},
    dto::{ImportPreview, LineFault, LineStatus, PreviewLine},
    error::UiError,
    i18n::{Language, Text, t, text::accounts, use_language},
    reactive::use_debounced,
    words::group,
};
use leptos::prelude::*;
use std::time::Duration;

const PREVIEW_DELAY: Duration = Duration::from_millis(300);
/// Lines shown in the preview, those with a problem first; the rest is only counted.
const SHOWN_LINES: usize = 50;
const EXCERPT_CHARS: usize = 40;

/// What would become of each line, a moment after the last keystroke; `None` for no text.
pub(super) fn use_preview(
    text: RwSignal<String>,
) -> Signal<Option<Result<ImportPreview, UiError>>> {
    let settled = use_debounced(text.into(), PREVIEW_DELAY);
    let ask = Action::new(|text: &String| preview_accounts(text.clone()));
    Effect::new(move || {
        let text: String = settled.get();
        if !text.trim().is_empty() {
            ask.dispatch(text);
        }
    });
    Signal::derive(move || {
        let has_text = text.with(|text| !text.trim().is_empty());
        ask.value().get().filter(|_| has_text)
    })
}

/// The counts, what is doubtful, and the lines one by one.
#[component]
pub(super) fn Preview(
    preview: Signal<Option<Result<ImportPreview, UiError>>>,
    text: RwSignal<String>,
) -> impl IntoView {
    let language = use_language();
    let found = Memo::new(move |_| preview.get().and_then(Result::ok));
    let counts = move |preview: &ImportPreview| {
        let repeated = preview.repeated;
        let mut counts = accounts::PreviewCounts {
            new: &group(preview.new.into()),
            duplicate: &group(preview.duplicate.into()),
            bad: &group(preview.bad.into()),
        }
        .fill(language.get());
        if repeated > 0 {
            counts.push_str(" · ");
            counts.push_str(&accounts::REPEATED.fill(language.get(), repeated.into()));
        }
        counts
    };
    view! {
        <section class="preview" aria-label=t(accounts::PREVIEW)>
            <p class="preview__counts" aria-live="polite">
                {move || found.with(|found| found.as_ref().map(counts))}
            </p>
            {move || {
                let doubtful = found.with(|found| found.as_ref().map_or(0, |found| found.doubtful));
                (doubtful > 0)
                    .then(|| {
                        let text = accounts::DOUBTFUL.fill(language.get(), doubtful.into());
                        view! { <Notice tone=Tone::Warning>{text}</Notice> }
                    })
            }}
            {move || found.get().map(|preview| view! { <PreviewLines preview text /> })}
        </section>
    }
}

#[component]
fn PreviewLines(preview: ImportPreview, text: RwSignal<String>) -> impl IntoView {
    let language = use_language();
    let total = preview.new + preview.duplicate + preview.bad;
    let mut lines = preview.lines;
    lines.sort_by_key(|line| match line.status {
        LineStatus::Bad => 0,
        LineStatus::Doubtful => 1,
        LineStatus::Duplicate => 2,
        LineStatus::New => 3,
    });
    lines.truncate(SHOWN_LINES);
    let hidden = u64::from(total).saturating_sub(lines.len() as u64);
    let line = move |line: PreviewLine| {
        let (tone, word) = match line.status {
            LineStatus::New => (Tone::Success, accounts::LINE_NEW),
            LineStatus::Doubtful => (Tone::Warning, accounts::LINE_DOUBTFUL),
            LineStatus::Duplicate => (Tone::Neutral, accounts::LINE_DUPLICATE),
            LineStatus::Bad => (Tone::Danger, fault(line.fault)),
        };
        let (number, column, entry) = (line.number, line.column, line.entry);
        // What is no cookie is no secret either, and shows where the mistake is. A piece of a list
        // may hold one.
        let shown = match (line.status, line.fault) {
            // The line of an entry has the other entries as well.
            (LineStatus::Bad, None | Some(LineFault::NoCookie | LineFault::Code))
                if entry.is_empty() =>
            {
                text.with_untracked(|text| excerpt(text, number))
            }
            _ => line.masked,
        };
        view! {
            <li class="preview__line">
                <span class="muted">
                    {move || place(number, column, &entry, language.get())}
                </span>
                <code>{shown}</code>
                <Badge tone>{t(word)}</Badge>
            </li>
        }
    };
    view! {
        <ul class="preview__lines" tabindex="0">
            {lines.into_iter().map(line).collect_view()}
            {(hidden > 0)
                .then(|| {
                    view! {
                        <li class="preview__line muted">
                            {move || accounts::MORE_LINES.fill(language.get(), hidden)}
                        </li>
                    }
                })}
        </ul>
    }
}

/// Where a line is: in its list, or in the text.
fn place(number: u32, column: Option<u32>, entry: &str, language: Language) -> String {
    match column {
        _ if !entry.is_empty() => entry.to_owned(),
        Some(column) => accounts::Line {
            number: &format_args!("{number}:{column}"),
        }
        .fill(language),
        None => accounts::Line { number: &number }.fill(language),
    }
}

const fn fault(fault: Option<LineFault>) -> Text {
    match fault {
        None | Some(LineFault::NoCookie) => accounts::LINE_BAD,
        Some(LineFault::Code) => accounts::LINE_CODE,
        Some(LineFault::Fragment | LineFault::Json | LineFault::Shape) => accounts::LINE_JSON,
        Some(LineFault::Nothing) => accounts::LINE_NOTHING,
        Some(LineFault::NoToken) => accounts::LINE_NO_TOKEN,
        Some(LineFault::NoAccounts) => accounts::LINE_NO_ACCOUNTS,
        Some(LineFault::NoSsoCookie) => accounts::LINE_NO_SSO,
    }
}

/// The beginning of a line, counted from 1.
fn excerpt(text: &str, number: u32) -> String {
    let at = usize::try_from(number)
        .unwrap_or_default()
        .saturating_sub(1);
    let line = text.lines().nth(at).unwrap_or_default().trim();
    let mut short: String = line.chars().take(EXCERPT_CHARS).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_by_its_list_where_it_is_in_one() {
        let language = Language::English;
        assert_eq!(place(3, None, "", language), "Line 3");
        assert_eq!(place(1, None, "ssoBasic[4]", language), "ssoBasic[4]");
        assert_eq!(place(3, Some(7), "", language), "Line 3:7");
    }

    #[test]
    fn a_refused_line_shows_its_beginning() {
        let text = "first\n  <script>alert(1)</script> and more of the same and so on\n";
        assert_eq!(excerpt(text, 1), "first");
        assert_eq!(
            excerpt(text, 2),
            "<script>alert(1)</script> and more of th…"
        );
        assert_eq!(excerpt(text, 9), "");
    }
}
