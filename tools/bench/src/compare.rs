//! The gateway beside a reference on the same upstream, in turns.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    load::{Load, Outcome, Target},
    nginx::Nginx,
    process::{Gateway, Passthrough, Picturing, Upstream},
    upstream::Shape,
};

/// Who forwards: what is measured, or what it is measured against.
pub(crate) enum Proxy {
    Gateway(Gateway),
    Nginx(Nginx),
    Passthrough(Passthrough),
    Picturing(Picturing),
}

/// What one side has answered, and what it took.
#[derive(Default)]
pub(crate) struct Side {
    pub(crate) outcome: Outcome,
    pub(crate) cpu: Duration,
}

impl Side {
    /// Milliseconds of a core for one answer, of this side's process alone.
    pub(crate) fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.outcome.whole.len().max(1) as f64
    }
}

/// One comparison: the reference first.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) reference: Side,
    pub(crate) gateway: Side,
}

/// Both sides on one upstream; all of it ends when dropped.
pub(crate) struct Bench {
    reference: Proxy,
    reference_target: Target,
    gateway: Proxy,
    gateway_target: Target,
    _upstream: Upstream,
}

/// The programs that take part.
#[derive(Clone, Copy)]
pub(crate) struct Programs<'a> {
    pub(crate) gateway: &'a Path,
    pub(crate) nginx: &'a Path,
}

impl Bench {
    /// nginx speaks HTTP/2 with no upstream of this kind; the reference is a bare pass-through of
    /// hyper's there.
    pub(crate) async fn start(
        programs: Programs<'_>,
        shape: &Shape,
        accounts: usize,
    ) -> anyhow::Result<Self> {
        let upstream = Upstream::start(shape).await?;
        let trusted = shape.http2.as_deref();
        let gateway = Gateway::start(programs.gateway, &upstream.url, accounts, trusted).await?;
        let gateway_target = Target::gateway(gateway.address());
        let (reference, reference_target) = if trusted.is_some() {
            let passthrough = Passthrough::start(&upstream.url, trusted).await?;
            let target = Target::upstream(&passthrough.address);
            (Proxy::Passthrough(passthrough), target)
        } else {
            let nginx = Nginx::start(programs.nginx, &upstream.url).await?;
            let target = Target::upstream(&nginx.address);
            (Proxy::Nginx(nginx), target)
        };
        Ok(Self {
            reference,
            reference_target,
            gateway: Proxy::Gateway(gateway),
            gateway_target,
            _upstream: upstream,
        })
    }

    /// The gateway gathers each answer into one JSON document from here on.
    pub(crate) fn with_whole_answers(mut self) -> Self {
        self.gateway_target = self.gateway_target.with_whole_answers();
        self
    }

    /// Closed loop. The sides take turns, so that a neighbour's burst of work hits both.
    pub(crate) async fn press(&self, clients: usize, time: Duration) -> anyhow::Result<Pair> {
        let reference = (&self.reference, &self.reference_target);
        let gateway = (&self.gateway, &self.gateway_target);
        in_turns(reference, gateway, clients, time).await
    }

    /// `streams` clients that ask at the same moment, each `answers` times; first the reference.
    pub(crate) async fn crowd(&self, streams: usize, answers: usize) -> anyhow::Result<Pair> {
        let reference = crowd(&self.reference, &self.reference_target, streams, answers).await?;
        let gateway = crowd(&self.gateway, &self.gateway_target, streams, answers).await?;
        Ok(Pair { reference, gateway })
    }
}

/// Closed loop on both sides, the reference first.
pub(crate) async fn in_turns(
    reference: (&Proxy, &Target),
    gateway: (&Proxy, &Target),
    clients: usize,
    time: Duration,
) -> anyhow::Result<Pair> {
    const TURNS: u32 = 3;
    let load = |duration| Load { clients, duration };
    for (_, target) in [reference, gateway] {
        load(Duration::from_millis(500)).run(target).await?;
    }
    let mut pair = Pair::default();
    for _ in 0..TURNS {
        let sides = [
            (reference, &mut pair.reference),
            (gateway, &mut pair.gateway),
        ];
        for ((proxy, target), side) in sides {
            let before = proxy.cpu()?;
            side.outcome.merge(load(time / TURNS).run(target).await?);
            side.cpu += proxy.cpu()? - before;
        }
    }
    Ok(pair)
}

async fn crowd(
    proxy: &Proxy,
    target: &Target,
    streams: usize,
    answers: usize,
) -> anyhow::Result<Side> {
    let start = Arc::new(Barrier::new(streams + 1));
    let mut clients = JoinSet::new();
    for _ in 0..streams {
        let (target, start) = (target.clone(), Arc::clone(&start));
        clients.spawn(async move {
            start.wait().await;
            let mut outcome = Outcome::default();
            let mut connection = None;
            for _ in 0..answers {
                let timing = match &mut connection {
                    // What a client waits for includes the connection.
                    none @ None => {
                        let asked = std::time::Instant::now();
                        let opened = none.insert(target.connect().await?);
                        opened.ask_since(&target, asked).await?
                    }
                    Some(open) => open.ask(&target).await?,
                };
                outcome.add(&timing);
            }
            anyhow::Ok(outcome)
        });
    }
    let mut side = Side::default();
    let before = proxy.cpu()?;
    start.wait().await;
    while let Some(outcome) = clients.join_next().await {
        side.outcome.merge(outcome??);
    }
    side.cpu = proxy.cpu()? - before;
    Ok(side)
}

impl Proxy {
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        match self {
            Self::Gateway(gateway) => gateway.cpu(),
            Self::Nginx(nginx) => nginx.cpu(),
            Self::Passthrough(passthrough) => passthrough.cpu(),
            Self::Picturing(process) => process.cpu(),
        }
    }
}
