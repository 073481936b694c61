//! Logs. Metrics and traces get files of their own as they come.

pub mod logs;
