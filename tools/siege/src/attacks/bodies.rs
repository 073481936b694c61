//! Bodies: forms of strangers, and what a program with a key can send.

use rand::RngCore;

use super::{
    together,
    wire::{CHAT, exchange, post, post_form, send},
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(super) async fn sign_in(address: String) -> bool {
    let guess = format!("password=guess-{}", rand::rng().next_u64());
    let head = post_form("/api/sign_in", guess.len());
    send(address, [head.as_bytes(), guess.as_bytes()].concat()).await
}

/// Three of a kind at once, which is more than there is memory for.
pub(super) async fn huge(address: &str) -> usize {
    let tiny = r#"{"role":"user","content":""},"#;
    let bodies = [
        vec![b' '; 33 * MIB],
        vec![b'['; 8 * MIB],
        format!(
            r#"{{"model":"grok-3","messages":[{}]}}"#,
            tiny.repeat(30 * MIB / tiny.len())
        )
        .into_bytes(),
        format!(r#"{{"model":"grok-3","z":[{}0]}}"#, "0,".repeat(10 * MIB)).into_bytes(),
    ];
    let mut count = 0;
    for body in bodies {
        for path in [
            CHAT,
            "/v1/messages",
            "/api/add_accounts",
            "/v1/public/chat/completions",
        ] {
            let whole = [post(path, body.len()).as_bytes(), &body].concat();
            let whole: std::sync::Arc<[u8]> = whole.into();
            count += together(3, || {
                let (address, whole) = (address.to_owned(), whole.clone());
                async move { exchange(&address, &whole).await.is_some() }
            })
            .await;
        }
    }
    count
}

/// Just over what a stranger may send, over what the operator may, and pairs without end.
pub(super) async fn large_forms(address: &str) -> usize {
    let forms = [
        format!("password={}", "x".repeat(64 * KIB)),
        format!("password={}", "x".repeat(9 * MIB)),
        "a=&".repeat(MIB),
        "%25".repeat(MIB),
    ];
    let mut count = 0;
    for form in forms {
        for path in ["/api/sign_in", "/api/visit", "/api/add_accounts", "/login"] {
            let head = post_form(path, form.len());
            let whole = [head.as_bytes(), form.as_bytes()].concat();
            count += usize::from(exchange(address, &whole).await.is_some());
        }
    }
    count
}
