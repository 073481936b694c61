//! Structured logs to standard error: JSON, or readable text on a terminal.

use std::{io::IsTerminal, sync::OnceLock};

use anyhow::Context;
use tracing_subscriber::{
    EnvFilter, Registry, filter::LevelFilter, fmt, layer::SubscriberExt, reload,
    util::SubscriberInitExt,
};

/// How to change the level while the process runs.
static LEVEL: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging. `level` is `server.log_level`: DEBUG, INFO, WARNING or ERROR in any case, or a
/// filter such as `info,server=debug`. `LOG_FORMAT` = `json` or `pretty`; by default JSON unless
/// standard error is a terminal.
pub fn init(level: &str, format: Option<&str>) {
    let is_json = match format {
        Some(format) => format.eq_ignore_ascii_case("json"),
        None => !std::io::stderr().is_terminal(),
    };
    let (filter, handle) = reload::Layer::new(filter(level));
    let registry = tracing_subscriber::registry().with(filter);
    // A second call, as in tests, keeps the first subscriber.
    let started = if is_json {
        let json = fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false);
        registry.with(json.with_writer(std::io::stderr)).try_init()
    } else {
        let text = fmt::layer()
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal());
        registry.with(text.with_writer(std::io::stderr)).try_init()
    };
    if started.is_ok() {
        let _ = LEVEL.set(handle);
    }
}

/// Changes the level from the next event on.
pub fn set_level(level: &str) {
    if let Some(handle) = LEVEL.get() {
        // Fails only when logging itself is gone.
        let _ = handle.reload(filter(level));
    }
}

/// Whether `level` can be used.
///
/// # Errors
/// It is no level and no filter.
pub fn check(level: &str) -> anyhow::Result<()> {
    let what = || {
        format!(
            "server.log_level: {level:?} is no level (debug, info, warning, error) and no filter"
        )
    };
    let directives = directives(level);
    // A filter takes any word for the name of a module.
    let first = directives.split(',').next().unwrap_or_default();
    if !first.contains('=') {
        first.parse::<LevelFilter>().with_context(what)?;
    }
    EnvFilter::try_new(&directives).with_context(what)?;
    Ok(())
}

fn filter(level: &str) -> EnvFilter {
    let filter = EnvFilter::try_new(directives(level)).unwrap_or_else(|_| EnvFilter::new("info"));
    // It tells whole messages, and prompts with them.
    let filter = match "rmcp=warn".parse() {
        Ok(directive) if !level.contains("rmcp") => filter.add_directive(directive),
        _ => filter,
    };
    if level.contains("tower_sessions") {
        return filter;
    }
    // They warn of cookies that are no session's and of resets: strangers could fill the disk.
    [
        "tower_sessions=error",
        "tower_sessions_core=error",
        "h2=error",
    ]
    .into_iter()
    .filter_map(|directive| directive.parse().ok())
    .fold(filter, EnvFilter::add_directive)
}

fn directives(level: &str) -> String {
    let level = match level.to_ascii_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "critical" => "error".to_owned(),
        other => other.to_owned(),
    };
    // The libraries' own chatter helps nobody who runs the gateway.
    if level.contains(['=', ',']) {
        level
    } else {
        format!("{level},hyper=warn,h2=warn,rustls=warn,sqlx=warn,reqwest=warn")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_levels_and_filters_are_accepted() {
        for fine in [
            "info",
            "WARNING",
            "critical",
            "Debug",
            "off",
            "info,server=debug",
            "server=trace",
        ] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        for bad in ["loud", "info,server=loud", "loud,server=debug"] {
            let error = check(bad).unwrap_err().to_string();
            assert!(error.starts_with("server.log_level: "), "{error}");
        }
    }

    #[test]
    fn what_tells_prompts_is_left_out_unless_it_is_named() {
        for level in ["debug", "trace", "info,server=trace"] {
            let filter = filter(level).to_string();
            assert!(filter.contains("rmcp=warn"), "{level}: {filter}");
        }
        let named = filter("info,rmcp=debug").to_string();
        assert!(named.contains("rmcp=debug"), "{named}");
    }
}
