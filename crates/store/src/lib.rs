//! Persistence traits and their SQLite implementation
