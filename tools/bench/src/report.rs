//! The figures as tables that can be pasted into `docs/performance.md`.

use std::time::Duration;

use crate::{
    accounts::{Asking, Start},
    compare::{Pair, Side},
    load::Outcome,
    paced::Paced,
    rest::Rest,
    videos::Videos,
};

/// Many clients in a closed loop.
pub(crate) fn pressed(what: &str, pair: &Pair) {
    let [reference, gateway] = [&pair.reference, &pair.gateway];
    let rate = |side: &Side| side.outcome.per_second();
    row(
        &format!("{what}: answers/s"),
        format!("{:.0}", rate(reference)),
        format!("{:.0}", rate(gateway)),
        format!("{:.2}", rate(gateway) / rate(reference)),
    );
    cpu(what, pair);
    let whole = |side: &Side| percentiles(&side.outcome.whole);
    row(
        &format!("{what}: whole answer p50 / p99, ms"),
        whole(reference),
        whole(gateway),
        String::new(),
    );
}

/// One client that asks for `what`.
pub(crate) fn alone(what: &str, pair: &Pair) {
    let [reference, gateway] = [&pair.reference.outcome, &pair.gateway.outcome];
    let added = |share| {
        Outcome::percentile_ms(&gateway.first_byte, share)
            - Outcome::percentile_ms(&reference.first_byte, share)
    };
    row(
        &format!("{what}one client: first byte p50 / p99, ms"),
        percentiles(&reference.first_byte),
        percentiles(&gateway.first_byte),
        format!("+{:.3} / +{:.3}", added(0.5), added(0.99)),
    );
    row(
        &format!("{what}one client: whole answer p50 / p99, ms"),
        percentiles(&reference.whole),
        percentiles(&gateway.whole),
        String::new(),
    );
}

/// Many that asked at the same moment.
pub(crate) fn crowded(what: &str, pair: &Pair) {
    let [reference, gateway] = [&pair.reference.outcome, &pair.gateway.outcome];
    let last = |outcome: &Outcome| Outcome::percentile_ms(&outcome.first_byte, 0.99);
    cpu(what, pair);
    row(
        &format!("{what}: first token p50 / p99, ms"),
        percentiles(&reference.first_byte),
        percentiles(&gateway.first_byte),
        format!("{:.2}", last(gateway) / last(reference)),
    );
    row(
        &format!("{what}: whole answer p50 / p99, ms"),
        percentiles(&reference.whole),
        percentiles(&gateway.whole),
        String::new(),
    );
}

fn cpu(what: &str, pair: &Pair) {
    let (reference, gateway) = (pair.reference.cpu_ms(), pair.gateway.cpu_ms());
    row(
        &format!("{what}: CPU an answer, ms"),
        format!("{reference:.3}"),
        format!("{gateway:.3}"),
        format!("{:.2}", gateway / reference),
    );
}

fn percentiles(times: &[Duration]) -> String {
    let at = |share| Outcome::percentile_ms(times, share);
    format!("{:.2} / {:.2}", at(0.5), at(0.99))
}

pub(crate) fn head(events: usize) {
    line(&format!(
        "| answers of {events} events | nginx (h2: pass-through) | grok2api | ratio |"
    ));
    line("|---|---|---|---|");
}

fn row(what: &str, reference: String, gateway: String, ratio: String) {
    line(&format!("| {what} | {reference} | {gateway} | {ratio} |"));
}

pub(crate) fn rest(rest: &Rest) {
    line(&format!(
        "At rest with {} accounts: {:.1} MiB; serves {} ms after its start.",
        rest.accounts,
        rest.kib as f64 / 1024.0,
        rest.start.as_millis()
    ));
}

pub(crate) fn start(start: &Start) {
    line(&format!(
        "Start with {} accounts on {}: serves after {} ms; {:.1} MiB at most.",
        start.accounts,
        start.store,
        start.ready.as_millis(),
        start.peak_kib as f64 / 1024.0,
    ));
}

pub(crate) fn asking(asking: &Asking) {
    line(&format!(
        "{} accounts asked about by {}: {:.2} s, {:.2} times the ideal.",
        asking.accounts,
        asking.what,
        asking.took.as_secs_f64(),
        asking.took.as_secs_f64() / asking.ideal.as_secs_f64(),
    ));
}

pub(crate) fn videos(videos: &Videos) {
    line(&format!(
        "{} videos of {} MiB stored at the same time in {:.1} s: {:.1} MiB at most, {:.1} MiB before.",
        videos.count,
        videos.mib_each,
        videos.took.as_secs_f64(),
        videos.peak_kib as f64 / 1024.0,
        videos.rest_kib as f64 / 1024.0,
    ));
}

pub(crate) fn open(paced: &Paced) {
    line(&format!(
        "{} open paced streams, HTTP/{} upstream: {:.1} MiB ({:.1} KiB each), every one of {} events \
         delivered to each; {:.1} MiB a minute after, {:.2} times as much as before.",
        paced.streams,
        if paced.is_http2 { 2 } else { 1 },
        paced.open_kib as f64 / 1024.0,
        paced.kib_per_stream(),
        paced.events_per_stream,
        paced.after_kib as f64 / 1024.0,
        paced.after_kib as f64 / paced.rest_kib as f64
    ));
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
fn line(text: &str) {
    println!("{text}");
}
