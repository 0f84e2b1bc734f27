//! Two bound listeners and a signal to stop enter; a running collector leaves, which ends when the
//! signal comes, after what it has begun. What happens between the wire and a request is decided
//! here: who may connect, how long a request may take to begin, how a broken one is answered.

mod accept;
mod connection;
mod express;
mod files;
mod slots;
mod socket;

use crate::app::App;
use crate::http;
use accept::{Entrance, accept};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use connection::Peer;

/// The bound listeners.
#[derive(Debug)]
pub struct Listeners {
    /// For browsers.
    pub public: TcpListener,
    /// For people.
    pub private: TcpListener,
}

impl Listeners {
    /// Binds both.
    ///
    /// # Errors
    /// An address is taken or not ours, with its place in the configuration.
    pub async fn bind(public: SocketAddr, private: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            public: bind("listen.public", public).await?,
            private: bind("listen.private", private).await?,
        })
    }
}

async fn bind(place: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| anyhow::anyhow!("{place}: cannot listen on {address}: {error}"))
}

/// Serves until `stop` is ready, then takes no more connections and finishes what is open within
/// `listen.stop_grace_ms`. The private listener stays until the public one is done, so that the
/// last figures can be read.
///
/// # Errors
/// A listener failed.
pub async fn run(
    app: Arc<App>,
    listeners: Listeners,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let grace = Duration::from_millis(app.settings().config.listen.stop_grace_ms);
    let stopping = [CancellationToken::new(), CancellationToken::new()];
    let public = tokio::spawn(accept(
        listeners.public,
        Entrance::public(&app, http::public(Arc::clone(&app))),
        stopping[0].clone(),
    ));
    let private = tokio::spawn(accept(
        listeners.private,
        Entrance::private(&app, http::private(Arc::clone(&app))),
        stopping[1].clone(),
    ));
    let scraping = tokio::spawn(Arc::clone(&app).scrape());
    let loading = tokio::spawn(Arc::clone(&app).keep_objectives());
    let watching = tokio::spawn(Arc::clone(&app).watch_writer());
    let listening = tokio::spawn(Arc::clone(&app).listen());
    stop.await;
    app.note_stopping();
    let until = tokio::time::Instant::now() + grace;
    let mut cut = 0;
    for (listener, stopping) in [public, private].into_iter().zip(stopping) {
        stopping.cancel();
        if let Ok(connections) = listener.await {
            cut += connections.finish(until).await;
        }
    }
    if cut > 0 {
        tracing::warn!(connections = cut, ?grace, "still open at the end, cut off");
    }
    for task in [scraping, loading, watching, listening] {
        task.abort();
        // Until it has let go of the store, the database is still open.
        let _ = task.await;
    }
    Ok(())
}
