//! Listeners on loopback: which port they get, and how connections end.
//! Pods close after every answer; the backend can drop a connection without any.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// What happens to a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterAnswer {
    KeepOpen,
    Close,
}

/// Marks a response that must not be sent: its connection is dropped instead.
#[derive(Clone, Copy, Debug)]
struct Dropped;

/// The answer of a server that dies on the request.
pub(crate) fn drop_connection() -> Response {
    let mut response = ().into_response();
    response.extensions_mut().insert(Dropped);
    response
}

/// Binds the asked port, or `usual` with a free one as second choice when none was asked for.
pub(crate) async fn bind(asked: Option<u16>, usual: u16) -> io::Result<TcpListener> {
    let on = |port: u16| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match asked {
        Some(port) => on(port).await,
        None => match on(usual).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => on(0).await,
            bound => bound,
        },
    }
}

/// Serves `router` until `stop`; connections in progress then finish their answer.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    after_answer: AfterAnswer,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            },
        };
        connections.spawn(serve_connection(
            stream,
            router.clone(),
            after_answer,
            stop.clone(),
        ));
    }
    connections.close();
    connections.wait().await;
}

/// A connection that died before it was taken costs nothing; running out of descriptors must not spin.
pub(crate) async fn pause_after(error: &io::Error) {
    if error.kind() != io::ErrorKind::ConnectionAborted {
        tracing::warn!(%error, "accepting a connection failed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    after_answer: AfterAnswer,
    stop: CancellationToken,
) {
    let answer = service_fn(move |request| {
        let answered = router.clone().oneshot(request);
        async move {
            let response = answered
                .await
                .unwrap_or_else(|never: Infallible| match never {});
            match response.extensions().get::<Dropped>() {
                Some(Dropped) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(after_answer == AfterAnswer::KeepOpen)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    tokio::select! {
        // Errors are clients that went away, or a drop we asked for.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
