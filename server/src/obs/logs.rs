//! Structured logs to standard error: JSON, or readable text on a terminal.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging. `level` is `LOG_LEVEL`: DEBUG, INFO, WARNING or ERROR in any case, or a filter
/// such as `info,server=debug`. `LOG_FORMAT` = `json` or `pretty`; by default JSON unless standard
/// error is a terminal.
pub fn init(level: &str, format: Option<&str>) {
    let level = match level.to_ascii_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "critical" => "error".to_owned(),
        other => other.to_owned(),
    };
    // The libraries' own chatter helps nobody who runs the gateway.
    let filter = if level.contains(['=', ',']) {
        level
    } else {
        format!("{level},hyper=warn,h2=warn,rustls=warn,sqlx=warn,tower_sessions=warn,reqwest=warn")
    };
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let is_json = match format {
        Some(format) => format.eq_ignore_ascii_case("json"),
        None => !std::io::stderr().is_terminal(),
    };
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call, as in tests, keeps the first subscriber.
    let _ = if is_json {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    } else {
        builder
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .try_init()
    };
}
