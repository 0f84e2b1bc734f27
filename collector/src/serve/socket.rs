//! A stream as hyper is given it. It gives up on a client that does not read its answers, knows whether
//! a request has begun, puts our own answer in the place of hyper's, and keeps from hyper what is refused
//! before it becomes a request.

use super::express::{Came, Express, came};
use crate::http::{Broken, raw_answer};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a client may leave an answer unread.
const STALLED: Duration = Duration::from_secs(10);

pub(super) struct Socket<S> {
    stream: S,
    begun: bool,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Our answer in the place of hyper's, and how much of it is written.
    instead: Option<(Vec<u8>, usize)>,
    /// Whether a part of an answer waits for the client to read.
    unsent: bool,
    express: Option<Arc<Express>>,
    /// Since when hyper has heard nothing of this connection's requests.
    kept_since: Option<Instant>,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S, express: Option<Arc<Express>>) -> Self {
        Self {
            stream,
            begun: false,
            stalled: None,
            instead: None,
            unsent: false,
            express,
            kept_since: None,
        }
    }

    /// The answer to what has just come, if hyper shall not hear of it.
    fn refused(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let express = self.express.as_ref()?;
        match came(bytes) {
            Came::Otherwise => {
                // Where one request ends and the next begins, from now on only hyper knows.
                self.express = None;
                return None;
            }
            Came::Beacon if express.is_open() => {}
            Came::Beacon | Came::Whole => {
                self.kept_since = None;
                return None;
            }
        }
        let is_first = self.kept_since.is_none();
        let since = *self.kept_since.get_or_insert_with(Instant::now);
        if since.elapsed() > express.patience() {
            self.kept_since = None;
            return None;
        }
        Some(express.refuse(is_first).to_vec())
    }

    /// Whether bytes have come since the last answer.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Passes on what is ready; what is not ready for too long is an error.
    fn within_patience<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Every answer of ours with such a status has a body and its type; of what hyper says by itself, this
/// tells what it means.
fn said_by_hyper(bytes: &[u8]) -> Option<Broken> {
    let status = bytes.strip_prefix(b"HTTP/1.1 4")?.get(..2)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = bytes[..end].to_ascii_lowercase();
    let ours = b"\r\ncontent-type:";
    if head.windows(ours.len()).any(|found| found == ours) {
        return None;
    }
    match status {
        b"00" => Some(Broken::Head),
        b"14" => Some(Broken::TargetTooLong),
        b"31" => Some(Broken::HeadTooLarge),
        _ => None,
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.express.is_some() {
                ready!(this.poll_instead(cx))?;
            }
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
            let fresh = buffer.filled().get(before..).unwrap_or_default();
            if fresh.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if this.begun || this.unsent {
                // More than a request that is being answered: see `refused`.
                this.express = None;
            } else if let Some(answer) = this.refused(fresh) {
                this.instead = Some((answer, 0));
                buffer.set_filled(before);
                continue;
            }
            this.begun = true;
            return Poll::Ready(Ok(()));
        }
    }
}

impl<S: AsyncWrite + Unpin> Socket<S> {
    /// Writes what is left of our own answer.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((answer, written)) = &mut self.instead {
            let Some(left @ [_, ..]) = answer.get(*written..) else {
                self.instead = None;
                break;
            };
            let polled = Pin::new(&mut self.stream).poll_write(cx, left);
            if let Poll::Ready(Ok(more)) = &polled {
                *written += more;
            }
            ready!(self.within_patience(cx, polled))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.begun = false;
        if this.instead.is_none() {
            this.instead = said_by_hyper(bytes).map(|broken| (raw_answer(broken), 0));
        }
        if this.instead.is_some() {
            ready!(this.poll_instead(cx))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.unsent = !matches!(&polled, Poll::Ready(Ok(written)) if *written == bytes.len());
        this.within_patience(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.within_patience(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.within_patience(cx, polled)
    }
}
