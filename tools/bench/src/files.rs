//! Generated files beside nginx, which serves the very same ones.

use std::time::Duration;

use crate::{
    compare::{Pair, Programs, Proxy, in_turns},
    load::Target,
    nginx::Nginx,
    process::{Gateway, Upstream},
    upstream::Shape,
};

/// Clients that download at the same time.
const CLIENTS: usize = 500;
/// Sizes of the files: a picture's and a video's.
const SIZES: [usize; 2] = [64 * 1024, 20 * 1024 * 1024];

/// What was downloaded, and how it went.
pub(crate) struct Files {
    pub(crate) what: String,
    pub(crate) pair: Pair,
}

/// Each size whole, then half of it from its middle.
pub(crate) async fn measure(programs: Programs<'_>, time: Duration) -> anyhow::Result<Vec<Files>> {
    let upstream = Upstream::start(&Shape {
        events: 1,
        interval_ms: 0,
        http2: None,
        json: false,
    })
    .await?;
    let data = tempfile::tempdir()?;
    let folder = data.path().join("media/image");
    std::fs::create_dir_all(&folder)?;
    for bytes in SIZES {
        std::fs::write(folder.join(name(bytes)), picture(bytes))?;
    }
    let nginx = Nginx::serve(programs.nginx, &folder).await?;
    let gateway = Gateway::start_on(data, programs.gateway, &upstream.url, &[]).await?;
    let addresses = (nginx.address.clone(), gateway.address().to_owned());
    let (nginx, gateway) = (Proxy::Nginx(nginx), Proxy::Gateway(gateway));
    let mut all = Vec::new();
    for bytes in SIZES {
        for is_part in [false, true] {
            let name = name(bytes);
            let own = format!("/v1/files/image/{name}");
            let reference = Target::file(&addresses.0, &format!("/{name}"), bytes, is_part);
            let ours = Target::file(&addresses.1, &own, bytes, is_part);
            let pair = in_turns((&nginx, &reference), (&gateway, &ours), CLIENTS, time).await?;
            let half = if is_part { "half of " } else { "" };
            let what = format!("{half}a file of {} KiB, {CLIENTS} clients", bytes / 1024);
            all.push(Files { what, pair });
        }
    }
    Ok(all)
}

fn name(bytes: usize) -> String {
    format!("{bytes:040x}.jpg")
}

/// Begins as a JPEG does.
fn picture(bytes: usize) -> Vec<u8> {
    let mut file = vec![0; bytes];
    file[..3].copy_from_slice(b"\xff\xd8\xff");
    file
}
