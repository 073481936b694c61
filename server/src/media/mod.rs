//! Files that requests name.

pub mod remote_file;
