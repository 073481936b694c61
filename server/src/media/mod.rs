//! Files that requests name.

pub mod budget;
pub mod remote_file;
