//! One connection, from the browser to the pod that was picked for it. Only the first request's line is
//! looked at, and only to pick; every byte goes on as it came.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than any request line of the demo.
const FIRST_LINE_LIMIT: usize = 16 * 1024;

pub(super) async fn forward(
    mut client: TcpStream,
    choose: impl FnOnce(&str) -> Option<SocketAddr>,
) -> io::Result<()> {
    let mut head = Vec::with_capacity(2048);
    while !head.contains(&b'\n') && head.len() < FIRST_LINE_LIMIT {
        if client.read_buf(&mut head).await? == 0 {
            // Opened in advance and never used.
            return Ok(());
        }
    }
    let Some(address) = choose(&request_path(&head)) else {
        return Ok(());
    };
    let mut pod = TcpStream::connect(address).await?;
    pod.write_all(&head).await?;
    tokio::io::copy_bidirectional(&mut client, &mut pod).await?;
    Ok(())
}

/// The target of `GET /path HTTP/1.1`; empty when the bytes are no request.
fn request_path(head: &[u8]) -> String {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line)
        .split_whitespace()
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}
