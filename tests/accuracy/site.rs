//! The site under measurement: one page under every path, with the probe and with `web-vitals` beside it.
//! What `web-vitals` says comes back here; a core can be served late.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tests::process::workspace;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Paths that begin so get their core three seconds late.
pub(crate) const LATE: &str = "/late-core";
const DELAY: Duration = Duration::from_secs(3);

/// The running site.
pub(crate) struct Site {
    /// Its loopback address.
    pub(crate) address: String,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Site {
    pub(crate) async fn start(collector: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let said = Arc::new(Mutex::default());
        let page = Arc::new(page(collector)?);
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (page, said) = (Arc::clone(&page), Arc::clone(&heard));
                // A browser that hangs up early has lost nothing we owe it.
                tokio::spawn(async move { drop(answer(stream, &page, &said).await) });
            }
        });
        Ok(Self { address, said })
    }

    /// Everything `web-vitals` said on pages at this path.
    pub(crate) fn said_on(&self, path: &str) -> Vec<Value> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter()
            .filter(|word| word["page"] == path)
            .cloned()
            .collect()
    }
}

fn page(collector: &str) -> Result<[String; 2]> {
    let package = workspace().join("probe-wasm/pkg");
    let early = std::fs::read_to_string(package.join("early.js"))
        .context("the probe's package is not built: cargo xtask build")?;
    let html = std::fs::read_to_string(workspace().join("tests/accuracy/page.html"))?;
    Ok(["/sightline/", "/late/sightline/"].map(|core| {
        let config = json!({ "app": "accuracy", "collector": collector, "core": core });
        let probe = format!("<script>globalThis.__sightlineConfig={config};{early}</script>");
        html.replace("<!--probe-->", &probe)
    }))
}

async fn answer(
    mut stream: TcpStream,
    pages: &[String; 2],
    said: &Mutex<Vec<Value>>,
) -> Result<()> {
    let mut received = Vec::new();
    let (head, body_at) = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        anyhow::ensure!(read > 0, "hung up");
        received.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = received.get(..end).unwrap_or_default();
            break (String::from_utf8_lossy(head).into_owned(), end + 4);
        }
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    while received.len() < body_at + length {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        anyhow::ensure!(read > 0, "hung up");
        received.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
    let path = head.split(' ').nth(1).unwrap_or("/");
    let path = path.split('?').next().unwrap_or("/");
    let (kind, bytes) = match path {
        "/said" => {
            let word = serde_json::from_slice(received.get(body_at..).unwrap_or_default())?;
            said.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(word);
            ("text/plain", Vec::new())
        }
        "/web-vitals.js" => {
            let library = "tests/accuracy/node_modules/web-vitals/dist/web-vitals.iife.js";
            ("text/javascript", file(workspace().join(library))?)
        }
        _ => match path.rsplit_once("/sightline/") {
            Some((late, name)) => {
                if !late.is_empty() && name == "core.js" {
                    tokio::time::sleep(DELAY).await;
                }
                let kind = if name.ends_with(".wasm") {
                    "application/wasm"
                } else {
                    "text/javascript"
                };
                (kind, file(workspace().join("probe-wasm/pkg").join(name))?)
            }
            None => {
                let [prompt, late] = pages;
                let page = if path.starts_with(LATE) { late } else { prompt };
                ("text/html", page.clone().into_bytes())
            }
        },
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    Ok(())
}

fn file(path: PathBuf) -> Result<Vec<u8>> {
    std::fs::read(&path).with_context(|| path.display().to_string())
}
