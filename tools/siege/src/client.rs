//! The client that behaves.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    KEY, MAX_WAIT,
    limits::{Readiness, Refusals},
};

/// A good request that takes longer has failed.
const GIVE_UP: Duration = Duration::from_secs(20);

/// What became of its requests.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) count: usize,
    pub(crate) failures: Vec<String>,
    /// Waits over the limit, and when.
    pub(crate) slow: Vec<String>,
    waits: Vec<Duration>,
}

impl Served {
    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.failures.extend(other.failures);
        self.slow.extend(other.slow);
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

/// Keeps its connection, as the official clients do.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub(crate) fn new(url: String) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(GIVE_UP);
        Ok(Self {
            http: http.build()?,
            url,
        })
    }

    /// Asks once a second for as long as `length`, now for JSON, now for a stream.
    pub(crate) async fn ask_for(&self, length: Duration) -> Served {
        let mut served = Served::default();
        let start = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        while start.elapsed() < length {
            ticks.tick().await;
            served.count += 1;
            let asked = Instant::now();
            if let Err(error) = self.ask(served.count % 2 == 0).await {
                let at = asked.elapsed().as_secs_f64();
                served.failures.push(format!("after {at:.1} s: {error:#}"));
            }
            let wait = asked.elapsed();
            if wait > MAX_WAIT {
                let at = asked.duration_since(start).as_secs_f64();
                let wait = wait.as_secs_f64();
                served
                    .slow
                    .push(format!("{wait:.1} s, {at:.1} s after the start"));
            }
            served.waits.push(wait);
        }
        served
    }

    /// What the server has refused since its start.
    pub(crate) async fn refusals(&self) -> anyhow::Result<Refusals> {
        let report = self.http.get(format!("{}/readyz", self.url));
        let readiness: Readiness = report.send().await?.json().await?;
        Ok(readiness.into())
    }

    async fn ask(&self, stream: bool) -> anyhow::Result<()> {
        let body = serde_json::json!({
            "model": "grok-3", "stream": stream,
            "messages": [{"role": "user", "content": "Say hello."}],
        });
        let response = self
            .http
            .post(format!("{}/v1/chat/completions", self.url))
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
}
