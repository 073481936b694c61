//! The figures as a table that can be pasted into `docs/performance.md`.

use crate::{load::Outcome, paced::Paced, rest::Rest};

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) clients: usize,
    pub(crate) events: usize,
    pub(crate) rest: Vec<Rest>,
    pub(crate) passthrough: Outcome,
    pub(crate) gateway: Outcome,
    pub(crate) passthrough_single: Outcome,
    pub(crate) gateway_single: Outcome,
    pub(crate) paced: Vec<Paced>,
}

impl Report {
    #[expect(
        clippy::print_stdout,
        reason = "the report is what this program is for"
    )]
    pub(crate) fn print(&self) {
        println!("{}", self.table());
    }

    fn table(&self) -> String {
        let (direct, ours) = (self.passthrough.per_second(), self.gateway.per_second());
        let whole = |outcome: &Outcome, share| Outcome::percentile_ms(&outcome.whole, share);
        let first = |outcome: &Outcome, share| Outcome::percentile_ms(&outcome.first_byte, share);
        let added =
            |share| first(&self.gateway_single, share) - first(&self.passthrough_single, share);
        let mut lines = vec![
            format!(
                "| streamed chat, {} clients, {} events | pass-through | grok2api | ratio |",
                self.clients, self.events
            ),
            "|---|---|---|---|".to_owned(),
            format!(
                "| answers/s | {direct:.0} | {ours:.0} | {:.2} |",
                ours / direct
            ),
            format!(
                "| whole answer p50 / p99, ms | {:.2} / {:.2} | {:.2} / {:.2} | |",
                whole(&self.passthrough, 0.5),
                whole(&self.passthrough, 0.99),
                whole(&self.gateway, 0.5),
                whole(&self.gateway, 0.99)
            ),
            format!(
                "| time to first byte, 1 client, p50 / p99, ms | {:.3} / {:.3} | {:.3} / {:.3} | +{:.3} / +{:.3} |",
                first(&self.passthrough_single, 0.5),
                first(&self.passthrough_single, 0.99),
                first(&self.gateway_single, 0.5),
                first(&self.gateway_single, 0.99),
                added(0.5),
                added(0.99)
            ),
            String::new(),
        ];
        for rest in &self.rest {
            lines.push(format!(
                "At rest with {} accounts: {:.1} MiB; serves {} ms after its start.",
                rest.accounts,
                rest.kib as f64 / 1024.0,
                rest.start.as_millis()
            ));
        }
        for paced in &self.paced {
            lines.push(format!(
                "{} open paced streams: {:.1} MiB ({:.1} KiB each), every one of {} events delivered to each; \
                 {:.1} MiB a minute after, {:.2} times as much as before.",
                paced.streams,
                paced.open_kib as f64 / 1024.0,
                paced.kib_per_stream(),
                paced.events_per_stream,
                paced.after_kib as f64 / 1024.0,
                paced.after_kib as f64 / paced.rest_kib as f64
            ));
        }
        lines.join("\n")
    }
}
