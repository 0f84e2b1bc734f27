//! A stream as hyper is given it. It gives up on a client that does not read its answers, knows whether
//! a request has begun, and puts our own answer in the place of hyper's.

use crate::http::{Broken, raw_answer};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a client may leave an answer unread.
const STALLED: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Socket<S> {
    stream: S,
    begun: bool,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Our answer in the place of hyper's, and how much of it is written.
    instead: Option<(Vec<u8>, usize)>,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            begun: false,
            stalled: None,
            instead: None,
        }
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

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.begun |= buffer.filled().len() > before;
        read
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
        while let Some((answer, written)) = &mut this.instead {
            let Some(left @ [_, ..]) = answer.get(*written..) else {
                this.instead = None;
                return Poll::Ready(Ok(bytes.len()));
            };
            let polled = Pin::new(&mut this.stream).poll_write(cx, left);
            if let Poll::Ready(Ok(more)) = &polled {
                *written += more;
            }
            ready!(this.within_patience(cx, polled))?;
        }
        let polled = Pin::new(&mut this.stream).poll_write(cx, bytes);
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
