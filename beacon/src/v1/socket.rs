//! Connections that stay open: WebSockets and event sources.

use super::Finality;
use serde::{Deserialize, Serialize};

/// One connection. Its opening attempt is the event's `at_ms`. Told when it opened, failed or ended, and
/// provisionally when the page is hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// Which protocol.
    pub kind: SocketKind,
    /// Origin connected to, with the scheme as used (`wss://chat.example.org`).
    pub backend_origin: String,
    /// Route template of the path.
    pub route: String,
    /// Whether the origin is an expected one, its scheme read as http or https. True when none are configured.
    #[serde(default = "yes")]
    pub expected_origin: bool,
    /// How it stands.
    pub outcome: SocketOutcome,
    /// Provisional while it may still change.
    #[serde(default)]
    pub finality: Finality,
    /// Close code of a WebSocket (RFC 6455, 7.4); 0 when there is none.
    #[serde(default)]
    pub close_code: u16,
    /// Milliseconds to open, or to fail.
    #[serde(default)]
    pub connect_ms: u32,
    /// Milliseconds open so far.
    #[serde(default)]
    pub open_ms: u32,
    /// Messages received.
    #[serde(default)]
    pub received: u32,
    /// Messages sent; 0 for an event source.
    #[serde(default)]
    pub sent: u32,
    /// Milliseconds from opening to the first message; 0 when there was none.
    #[serde(default)]
    pub first_message_ms: u32,
    /// Milliseconds of the longest time between two messages, or from opening to the first.
    #[serde(default)]
    pub longest_gap_ms: u32,
    /// Times the connection was lost and made anew by the browser (event sources).
    #[serde(default)]
    pub reconnects: u32,
}

fn yes() -> bool {
    true
}

/// Kinds of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketKind {
    /// `WebSocket`.
    WebSocket,
    /// `EventSource`.
    EventSource,
}

/// How a connection stands or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketOutcome {
    /// Not open yet.
    Connecting,
    /// Open.
    Open,
    /// Never opened.
    Failed,
    /// Closed in order.
    Closed,
    /// Broke after it had been open.
    Lost,
}
