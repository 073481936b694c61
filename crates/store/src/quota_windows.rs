//! Quota windows of an account as one JSON text.

use pool::QuotaWindow;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredWindow<'a> {
    model: std::borrow::Cow<'a, str>,
    remaining: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window_secs: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resets_at_ms: Option<i64>,
    asked_at_ms: i64,
}

/// The column's text; `None` for no window.
pub(crate) fn write_windows(windows: &[QuotaWindow]) -> Option<String> {
    let stored = windows.iter().map(|window| StoredWindow {
        model: window.model.as_str().into(),
        remaining: window.remaining,
        total: window.total,
        window_secs: window.window_secs,
        resets_at_ms: window.resets_at_ms,
        asked_at_ms: window.asked_at_ms,
    });
    let stored: Vec<_> = stored.collect();
    let text = (!stored.is_empty()).then(|| serde_json::to_string(&stored));
    text.and_then(Result::ok)
}

/// Reads the column. What cannot be read is nothing: the upstream is asked again.
pub(crate) fn read_windows(text: Option<&str>) -> Vec<QuotaWindow> {
    let stored = text.and_then(|text| serde_json::from_str::<Vec<StoredWindow<'_>>>(text).ok());
    let windows = stored.unwrap_or_default().into_iter();
    windows
        .map(|window| QuotaWindow {
            model: window.model.into_owned(),
            remaining: window.remaining,
            total: window.total,
            window_secs: window.window_secs,
            resets_at_ms: window.resets_at_ms,
            asked_at_ms: window.asked_at_ms,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_or_missing_text_is_no_window() {
        assert_eq!(read_windows(None), []);
        assert_eq!(read_windows(Some("[{\"model\":5}]")), []);
        assert_eq!(write_windows(&[]), None);
    }

    #[test]
    fn what_was_not_told_is_not_written() {
        let window = QuotaWindow {
            model: "grok-4".to_owned(),
            remaining: 0,
            total: None,
            window_secs: Some(7_200),
            resets_at_ms: None,
            asked_at_ms: 3,
        };
        let text = write_windows(std::slice::from_ref(&window)).unwrap();
        let expected = r#"[{"model":"grok-4","remaining":0,"window_secs":7200,"asked_at_ms":3}]"#;
        assert_eq!(text, expected);
        assert_eq!(read_windows(Some(&text)), [window]);
    }
}
