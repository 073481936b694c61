//! The programs that a build calls, and how they are found.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Paths of the programs. Each comes from a variable that `scripts/setup` sets, else from `PATH`.
#[derive(Debug)]
pub(crate) struct Tools {
    /// `SITE_CARGO`: a cargo whose compiler has the wasm target.
    pub(crate) cargo: PathBuf,
    /// `SITE_RUSTC`: the compiler for that cargo, when it is not the one it finds itself.
    pub(crate) rustc: Option<PathBuf>,
    /// `SITE_WASM_OPT`.
    pub(crate) wasm_opt: PathBuf,
    /// `SITE_SASS`.
    pub(crate) sass: PathBuf,
}

impl Tools {
    pub(crate) fn from_env() -> Self {
        let path = |variable: &str| env::var_os(variable).filter(|path| !path.is_empty());
        let or = |variable: &str, name: &str| {
            PathBuf::from(path(variable).unwrap_or_else(|| OsString::from(name)))
        };
        Self {
            cargo: or("SITE_CARGO", "cargo"),
            rustc: path("SITE_RUSTC").map(PathBuf::from),
            wasm_opt: or("SITE_WASM_OPT", "wasm-opt"),
            sass: or("SITE_SASS", "sass"),
        }
    }
}

/// Runs `command` with its output on the terminal; `what` names it in an error.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| missing(command, what))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Runs `command` and returns what it printed; its errors go to the terminal.
pub(crate) fn capture(command: &mut Command, what: &str) -> Result<Vec<u8>> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| missing(command, what))?;
    if !output.status.success() {
        bail!("{what} failed ({})", output.status);
    }
    Ok(output.stdout)
}

fn missing(command: &Command, what: &str) -> String {
    let program = command.get_program().to_string_lossy();
    format!("cannot start {what} ({program}): run `scripts/setup` once, it installs it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_says_what_to_run() {
        let error = run(&mut Command::new("/nonexistent/sass"), "sass").unwrap_err();
        assert!(error.to_string().contains("scripts/setup"), "{error}");
    }

    #[test]
    fn a_failing_program_is_an_error() {
        assert!(capture(&mut Command::new("false"), "false").is_err());
    }
}
