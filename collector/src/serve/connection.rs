//! One connection: its requests go to the router; what is no request is answered and counted here, for
//! hyper would answer it without a word and without the headers that let a page read it.

use super::express::Express;
use super::socket::Socket;
use crate::export::ConnectionGauges;
use crate::http::{Broken, raw_answer};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// How long a connection is still read after our last word: closing it with bytes unread would make
/// the client's machine throw that word away.
const LINGER: Duration = Duration::from_secs(1);
/// More than this of a refused body is not worth waiting for.
const LINGER_BYTES: usize = 256 * 1024;
/// hyper's own least.
const LEAST_BUFFER: usize = 8192;

/// The other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) header_timeout: Duration,
    pub(super) header_bytes: usize,
}

/// Serves the connection until it ends or `stop` tells it to; then only its open request.
pub(super) async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    express: Option<Arc<Express>>,
    stop: &CancellationToken,
    gauges: &ConnectionGauges,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let peer = Peer(peer.ip());
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let answering = router.clone().call(request);
        let answering: Answering = Box::pin(answering);
        answering
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes + LEAST_BUFFER)
        .serve_connection(TokioIo::new(Socket::new(stream, express)), service);
    let mut told = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
            () = stop.cancelled(), if !told => {
                told = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let mut socket = connection.into_parts().io.into_inner();
    if let Err(error) = ended {
        let broken = broken(&error, socket.has_begun());
        if let Some(broken) = broken {
            gauges.count_broken(broken);
        }
        if broken == Some(Broken::HeadTimeout) {
            let answer = raw_answer(Broken::HeadTimeout);
            let _ = timeout(LINGER, socket.write_all(&answer)).await;
        }
    }
    linger(&mut socket).await;
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// What was wrong with a request whose head never became one; `None` when there was no request, or
/// when its headers were read and it has a verdict of its own.
fn broken(error: &hyper::Error, begun: bool) -> Option<Broken> {
    if error.is_parse_too_large() {
        Some(Broken::HeadTooLarge)
    } else if error.is_parse() {
        Some(Broken::Head)
    } else if error.is_timeout() {
        begun.then_some(Broken::HeadTimeout)
    } else if error.is_incomplete_message() {
        begun.then_some(Broken::HeadAborted)
    } else {
        None
    }
}

/// Says that we are done, and reads a little of what is still coming.
pub(super) async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let reading = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut ignored = [0; 4096];
        let mut left = LINGER_BYTES;
        while let Ok(read @ 1..) = stream.read(&mut ignored).await {
            left = left.saturating_sub(read);
            if left == 0 {
                return;
            }
        }
    };
    let _ = timeout(LINGER, reading).await;
}
