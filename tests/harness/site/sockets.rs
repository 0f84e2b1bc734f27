//! Connections that stay open: a WebSocket that echoes and obeys, and server-sent events.

use super::backend::{pass, written};
use super::log::Noted;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Accept {
    /// How long the opening handshake takes.
    #[serde(default)]
    wait_ms: u64,
}

/// Echoes texts, but for `close CODE`, `say COUNT` and `drop`, which breaks the connection.
pub(super) async fn talk(Query(accept): Query<Accept>, upgrade: WebSocketUpgrade) -> Response {
    pass(accept.wait_ms).await;
    upgrade.on_upgrade(async |mut socket| {
        // A page that has gone needs no answer.
        let _ = obey(&mut socket).await;
    })
}

async fn obey(socket: &mut WebSocket) -> Result<(), axum::Error> {
    while let Some(message) = socket.recv().await {
        let Message::Text(text) = message? else {
            continue;
        };
        match text.split_once(' ') {
            _ if text == "drop" => return Ok(()),
            Some(("close", code)) => {
                let code = code.parse().unwrap_or(1000);
                let reason = "as asked".into();
                let frame = CloseFrame { code, reason };
                socket.send(Message::Close(Some(frame))).await?;
            }
            Some(("say", count)) => {
                for number in 0..count.parse().unwrap_or(0) {
                    socket.send(format!("word {number}").into()).await?;
                }
            }
            _ => socket.send(Message::Text(text)).await?,
        }
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct Called {
    /// The events' own name; without one they are messages.
    name: Option<String>,
}

/// So many events with a gap before each, then the connection ends; a browser asks again 100 ms later.
pub(super) async fn events(
    Path((events, gap_ms)): Path<(u64, u64)>,
    Query(called): Query<Called>,
    Extension(noted): Extension<Noted>,
) -> Response {
    let name = called.name.map(|name| format!("event: {name}\n"));
    let name = name.unwrap_or_default();
    let body = written(noted, async move |pen| {
        pen.write("retry: 100\n\n").await;
        for number in 0..events {
            pass(gap_ms).await;
            if !pen.write(format!("{name}data: event {number}\n\n")).await {
                return;
            }
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
