//! Heads that are longer than a server should read.

use super::wire::{CHAT, exchange};
use crate::KEY;

const KIB: usize = 1024;
/// What the server says to a head over its limit.
const TOO_LARGE: u16 = 431;

/// With the key and without; how many were refused for their length.
pub(super) async fn over_the_limit(address: &str) -> usize {
    let key = format!("authorization: Bearer {KEY}\r\n");
    let start = format!("POST {CHAT} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    let heads = [
        // One long line. Reads grow as more comes, so less than twice the limit may still pass.
        format!("{start}{key}x-long: {}\r\n\r\n", "x".repeat(130 * KIB)),
        format!("{start}cookie: {}\r\n\r\n", "a=b; ".repeat(200 * KIB)),
        // Short ones, over the bytes and over the number that is read.
        format!("{start}{key}{}\r\n", "x: y\r\n".repeat(20_000)),
        format!("{start}{}\r\n", "x: y\r\n".repeat(200)),
        // Never at its end.
        format!("{start}{}", "x-more: and more\r\n".repeat(200_000)),
        // The address itself.
        format!(
            "GET /{} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
            "x".repeat(200 * KIB)
        ),
    ];
    let mut count = 0;
    for head in heads {
        count += usize::from(exchange(address, head.as_bytes()).await == Some(TOO_LARGE));
    }
    count
}
