//! Two bound listeners and a signal to stop enter; a running collector leaves, which ends when the
//! signal comes, after what it has begun.

use crate::app::App;
use crate::http;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Time for open requests after the signal to stop.
const GRACE: Duration = Duration::from_secs(5);

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

/// Serves until `stop` is ready, then finishes what is open within a grace time.
///
/// # Errors
/// A listener failed.
pub async fn run(
    app: Arc<App>,
    listeners: Listeners,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (stopping, _) = watch::channel(false);
    let stopped = || {
        let mut stopped = stopping.subscribe();
        async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    };
    let public = axum::serve(listeners.public, http::public(Arc::clone(&app)))
        .with_graceful_shutdown(stopped());
    let private = axum::serve(listeners.private, http::private(Arc::clone(&app)))
        .with_graceful_shutdown(stopped());
    let scraping = tokio::spawn(app.scrape());
    let serving = async { tokio::try_join!(async { public.await }, async { private.await }) };
    tokio::pin!(serving);
    let result = tokio::select! {
        result = &mut serving => result.map(|_| ()),
        () = stop => {
            stopping.send_replace(true);
            match tokio::time::timeout(GRACE, serving).await {
                Ok(result) => result.map(|_| ()),
                Err(_) => {
                    tracing::warn!("requests still open after {GRACE:?} were cut off");
                    Ok(())
                }
            }
        }
    };
    scraping.abort();
    // Until it has let go of the store, the database is still open.
    let _ = scraping.await;
    result
}
