//! The public OpenAI-compatible API: types, validation and translation. Pure: no I/O, no clock
