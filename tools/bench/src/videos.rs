//! Memory while many large videos are being stored.

use std::{net::Ipv4Addr, path::Path, time::Duration};

use anyhow::{Context, bail};
use grok_sim::{Operation, Options, Reply, Simulator};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{load::Target, process::Gateway};

/// Videos at a time.
const VIDEOS: usize = 100;
const BYTES: usize = 50 * 1024 * 1024;
const LIMIT: Duration = Duration::from_secs(300);

/// Resident memory of the gateway.
pub(crate) struct Videos {
    pub(crate) count: usize,
    pub(crate) mib_each: usize,
    pub(crate) rest_kib: u64,
    pub(crate) peak_kib: u64,
    pub(crate) took: Duration,
}

pub(crate) async fn measure(binary: &Path) -> anyhow::Result<Videos> {
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let simulator = Simulator::start(Options::for_benchmarks(listen, 1)).await?;
    // Of the first picture as well, which is refused: a picture may not be so large.
    let huge = vec![Reply::HugePicture { size_bytes: BYTES }; VIDEOS * 2];
    simulator.script_for("*", Operation::Download, huge);
    let settings = [
        ("GROK2API_UPSTREAM__ASSETS_URL", simulator.url()),
        ("GROK2API_VIDEO__CONCURRENT", VIDEOS.to_string()),
        ("GROK2API_VIDEO__MAX_QUEUED", VIDEOS.to_string()),
        ("GROK2API_CACHE__ENABLE_AUTO_CLEAN", "false".to_owned()),
    ];
    let data = tempfile::tempdir()?;
    let gateway = Gateway::start_on(data, binary, &simulator.url(), &settings).await?;
    let mut videos = Videos {
        count: VIDEOS,
        mib_each: BYTES / 1024 / 1024,
        rest_kib: gateway.memory_kib()?,
        peak_kib: 0,
        took: Duration::ZERO,
    };
    let started = Instant::now();
    let create = Target::video(gateway.address());
    let mut connection = create.connect().await?;
    for _ in 0..VIDEOS {
        connection.read(&create).await?;
    }
    let list = Target::videos(gateway.address());
    loop {
        videos.peak_kib = videos.peak_kib.max(gateway.memory_kib()?);
        let text = connection.read(&list).await?;
        let list: Value = serde_json::from_slice(&text)?;
        let jobs = list["data"].as_array().context("no list of videos")?;
        let is = |status: &str| jobs.iter().filter(|job| job["status"] == status).count();
        if is("failed") > 0 {
            bail!("a video failed: {list}");
        }
        if is("completed") == VIDEOS {
            break;
        }
        if started.elapsed() > LIMIT {
            bail!("{} of {VIDEOS} videos after {LIMIT:?}", is("completed"));
        }
        sleep(Duration::from_millis(20)).await;
    }
    videos.took = started.elapsed();
    simulator.stop().await;
    Ok(videos)
}
