//! One listener's loop: takes connections while there is a place for them, and turns the others away
//! with an answer that costs nothing.

use super::connection::{self, Limits};
use super::express::Express;
use super::files::affordable;
use super::slots::{Slot, Slots};
use crate::app::{App, Side};
use crate::export::{ConnectionGauges, TurnedAway};
use crate::http::{Broken, raw_answer};
use crate::ingest::ClientNetwork;
use axum::Router;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at once that hear why they are turned away; beyond it they only see it.
const DOORWAY: usize = 256;
/// How long such a connection, or one whose request was refused unread, is listened to.
const LINGER: Duration = Duration::from_secs(1);

/// What connections of one listener are met with.
#[derive(Clone)]
pub(super) struct Entrance {
    app: Arc<App>,
    side: Side,
    router: Router,
    limits: Limits,
    slots: Arc<Slots>,
    doorway: Arc<Slots>,
    gauges: Arc<ConnectionGauges>,
    express: Option<Arc<Express>>,
}

/// The connections of a listener that has stopped.
pub(super) struct Connections {
    tasks: TaskTracker,
    cut: CancellationToken,
}

impl Entrance {
    pub(super) fn public(app: &Arc<App>, router: Router) -> Self {
        let each = app.settings().config.listen.connections_per_client;
        Self::new(app, Side::Public, router, each)
    }

    /// Its clients are few and known: one of them may take every place.
    pub(super) fn private(app: &Arc<App>, router: Router) -> Self {
        Self::new(app, Side::Private, router, usize::MAX)
    }

    fn new(app: &Arc<App>, side: Side, router: Router, each: usize) -> Self {
        let settings = app.settings();
        let listen = &settings.config.listen;
        let places = affordable(listen.connections);
        if places < listen.connections {
            tracing::warn!(
                places,
                wanted = listen.connections,
                "the limit of open files allows fewer connections than listen.connections; raise it"
            );
        }
        let header_timeout = Duration::from_millis(listen.header_timeout_ms);
        let express = || Arc::new(Express::new(app, header_timeout));
        Self {
            side,
            router,
            limits: Limits {
                header_timeout,
                header_bytes: settings.config.ingest.header_bytes,
            },
            slots: Arc::new(Slots::new(places, each)),
            doorway: Arc::new(Slots::new(DOORWAY, usize::MAX)),
            gauges: Arc::clone(app.connections()),
            express: (side == Side::Public).then(express),
            app: Arc::clone(app),
        }
    }

    /// The network that pays for the connection; a proxy we trust pays for none.
    fn payer(&self, peer: SocketAddr) -> Option<ClientNetwork> {
        let settings = self.app.settings();
        let mut proxies = settings.config.listen.trusted_proxies.iter();
        let trusted = proxies.any(|proxy| proxy.contains(peer.ip()));
        (!trusted).then(|| ClientNetwork::of(peer.ip()))
    }

    async fn meet(self, stream: TcpStream, peer: SocketAddr, slot: Slot, stop: CancellationToken) {
        let _slot = slot;
        let _open = self.gauges.opened();
        let Some(tls) = self.app.tls(self.side) else {
            let gauges = Arc::clone(&self.gauges);
            return connection::serve(
                stream,
                peer,
                self.router,
                self.limits,
                self.express,
                &stop,
                &gauges,
            )
            .await;
        };
        let handshake = tokio_rustls::TlsAcceptor::from(tls).accept(stream);
        match timeout(self.limits.header_timeout, handshake).await {
            Ok(Ok(stream)) => {
                let gauges = Arc::clone(&self.gauges);
                connection::serve(
                    stream,
                    peer,
                    self.router,
                    self.limits,
                    self.express,
                    &stop,
                    &gauges,
                )
                .await;
            }
            Ok(Err(_)) | Err(_) => self.gauges.count_broken(Broken::Handshake),
        }
    }

    /// 503, as far as that costs us nothing. Within TLS nobody could read it.
    fn turn_away(&self, stream: TcpStream, why: TurnedAway, tasks: &TaskTracker) {
        self.gauges.count_turned_away(why);
        if self.app.tls(self.side).is_some() {
            return;
        }
        let answer = raw_answer(Broken::Full);
        match self.doorway.take(None) {
            Ok(place) => {
                tasks.spawn(async move {
                    let _place = place;
                    let mut stream = stream;
                    let told = timeout(LINGER, stream.write_all(&answer)).await;
                    if matches!(told, Ok(Ok(()))) {
                        connection::linger(&mut stream).await;
                    }
                });
            }
            Err(_) => {
                let _ = stream.try_write(&answer);
            }
        }
    }
}

/// Takes connections until told to stop.
pub(super) async fn accept(
    listener: TcpListener,
    entrance: Entrance,
    stop: CancellationToken,
) -> Connections {
    let tasks = TaskTracker::new();
    let cut = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: those of connections that end come back.
                entrance.app.problems().tell("accept", |kept_back| {
                    tracing::warn!(%error, kept_back, "a connection could not be taken");
                });
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        match entrance.slots.take(entrance.payer(peer)) {
            Ok(slot) => {
                let (cut, stop) = (cut.clone(), stop.clone());
                let met = entrance.clone().meet(stream, peer, slot, stop);
                tasks.spawn(async move {
                    tokio::select! {
                        () = met => {}
                        () = cut.cancelled() => {}
                    }
                });
            }
            Err(why) => entrance.turn_away(stream, why, &tasks),
        }
    }
    tasks.close();
    Connections { tasks, cut }
}

impl Connections {
    /// Waits for them until then; says how many had to be cut off.
    pub(super) async fn finish(self, until: Instant) -> usize {
        if timeout_at(until, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let open = self.tasks.len();
        self.cut.cancel();
        self.tasks.wait().await;
        open
    }
}
