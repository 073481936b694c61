//! The client that behaves.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::KEY;

/// A good request that takes longer has failed.
const GIVE_UP: Duration = Duration::from_secs(20);

/// What became of its requests.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) count: usize,
    pub(crate) failures: Vec<String>,
    waits: Vec<Duration>,
}

impl Served {
    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.failures.extend(other.failures);
        self.waits.extend(other.waits);
    }

    pub(crate) fn longest(&self) -> Duration {
        self.waits.iter().max().copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> Duration {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied().unwrap_or_default()
    }
}

/// Asks once a second for as long as `length`, now for JSON, now for a stream.
pub(crate) async fn ask_for(url: &str, length: Duration) -> Served {
    let mut served = Served::default();
    let client = reqwest::Client::builder().no_proxy().timeout(GIVE_UP);
    let client = match client.build() {
        Ok(client) => client,
        Err(error) => {
            served.failures.push(error.to_string());
            return served;
        }
    };
    let end = Instant::now() + length;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    while Instant::now() < end {
        ticks.tick().await;
        served.count += 1;
        let asked = Instant::now();
        if let Err(error) = ask(&client, url, served.count % 2 == 0).await {
            let at = asked.elapsed().as_secs_f64();
            served.failures.push(format!("after {at:.1} s: {error:#}"));
        }
        served.waits.push(asked.elapsed());
    }
    served
}

async fn ask(client: &reqwest::Client, url: &str, stream: bool) -> anyhow::Result<()> {
    let body = serde_json::json!({
        "model": "grok-3", "stream": stream,
        "messages": [{"role": "user", "content": "Say hello."}],
    });
    let response = client
        .post(format!("{url}/v1/chat/completions"))
        .bearer_auth(KEY)
        .json(&body)
        .send()
        .await?;
    let status = response.status();
    let text = response.text().await?;
    anyhow::ensure!(status.is_success(), "{status}: {text}");
    if stream {
        anyhow::ensure!(text.ends_with("data: [DONE]\n\n"), "no end: {text}");
    } else {
        let json: Value = serde_json::from_str(&text)?;
        anyhow::ensure!(json["choices"][0]["finish_reason"] == "stop", "{text}");
    }
    Ok(())
}
