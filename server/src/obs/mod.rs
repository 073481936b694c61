//! Logs. Metrics, traces and the request log have their own files as they come.

pub mod logs;
