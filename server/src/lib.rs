//! The grok2api server: configuration, gateway, HTTP routes and operations.
