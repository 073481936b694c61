//! Debian's nginx as the reference: forwards every request as it is, on as many workers as cores.

use std::{net::TcpListener, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::process::cpu_of_family;

const START_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Nginx {
    pub(crate) address: String,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    /// Forwards to `upstream`.
    ///
    /// # Errors
    /// It is not installed (`nginx-light`), or does not start.
    pub(crate) async fn start(binary: &Path, upstream: &str) -> anyhow::Result<Self> {
        Self::spawn(binary, &forwarding(upstream)).await
    }

    /// Serves the files of a folder.
    ///
    /// # Errors
    /// As [`Nginx::start`].
    pub(crate) async fn serve(binary: &Path, files: &Path) -> anyhow::Result<Self> {
        let location = format!("root {};\n            sendfile on;", files.display());
        Self::spawn(binary, &(String::new(), location)).await
    }

    async fn spawn(binary: &Path, serving: &(String, String)) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // Free again a moment later, and nobody else on this machine asks for this very port.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config(folder.path(), &address, serving))?;
        // It would outlive this program, were that killed.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--"])
            .arg(binary)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| {
                format!(
                    "starting {} (apt-get install nginx-light)",
                    binary.display()
                )
            })?;
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect(&address).await.is_err() {
            if let Some(exit) = child.try_wait()? {
                bail!("nginx ended: {exit}");
            }
            if Instant::now() > deadline {
                bail!("nginx does not listen at {address}");
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(Self {
            address,
            child,
            _folder: folder,
        })
    }

    /// Of the master and its workers.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of_family(self.child.id().context("nginx has ended")?)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked and not killed: a killed master would leave its workers behind.
        if let Some(pid) = self.child.id() {
            let _ = std::process::Command::new("kill")
                .args(["-TERM", &pid.to_string()])
                .status();
        }
    }
}

/// Kept-alive connections to the upstream; bytes go on as they come (`proxy_buffering off`), as a
/// stream needs it.
fn forwarding(upstream: &str) -> (String, String) {
    let upstream = upstream.trim_start_matches("http://");
    let block = format!(
        "upstream upstream {{
        server {upstream};
        keepalive 256;
        keepalive_requests 100000000;
    }}"
    );
    let location = "proxy_pass http://upstream;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;";
    (block, location.to_owned())
}

/// Kept-alive connections to clients, and what is served to them.
fn config(folder: &Path, address: &str, (block, location): &(String, String)) -> String {
    let folder = folder.display();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("    {name}_temp_path {folder}/{name};\n"))
        .collect();
    format!(
        "daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
{temp}    access_log off;
    {block}
    server {{
        listen {address} backlog=4096;
        keepalive_requests 100000000;
        location / {{
            {location}
        }}
    }}
}}
"
    )
}
