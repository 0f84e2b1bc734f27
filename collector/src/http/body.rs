//! The body of a beacon: counted while it arrives, since Content-Length may be absent, within a time,
//! and within what all bodies together may hold.

use crate::ingest::Rejection;
use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What all bodies in memory may hold together.
#[derive(Debug, Default)]
pub struct BodyMemory(AtomicUsize);

/// A body that has arrived; its memory is given back when it is dropped.
#[derive(Debug)]
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    _held: Held,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    pub(super) bytes: usize,
    pub(super) all_bytes: usize,
    pub(super) within: Duration,
}

#[derive(Debug)]
struct Held {
    memory: Arc<BodyMemory>,
    bytes: usize,
}

impl Held {
    fn grow(&mut self, by: usize, all_bytes: usize) -> Result<(), Rejection> {
        self.bytes += by;
        let before = self.memory.0.fetch_add(by, Ordering::Relaxed);
        if before + by > all_bytes {
            return Err(Rejection::Overloaded);
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl BodyMemory {
    /// Bytes of bodies in memory.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

pub(super) async fn read(
    body: Body,
    limits: BodyLimits,
    memory: &Arc<BodyMemory>,
) -> Result<ReadBody, Rejection> {
    match tokio::time::timeout(limits.within, collect(body, limits, memory)).await {
        Ok(read) => read,
        Err(_) => Err(Rejection::BodyTimeout),
    }
}

async fn collect(
    mut body: Body,
    limits: BodyLimits,
    memory: &Arc<BodyMemory>,
) -> Result<ReadBody, Rejection> {
    let mut held = Held {
        memory: Arc::clone(memory),
        bytes: 0,
    };
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Rejection::Aborted)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        held.grow(data.len(), limits.all_bytes)?;
        if held.bytes > limits.bytes {
            return Err(Rejection::BodyTooLarge);
        }
        // Nearly every beacon comes in one piece, which then is not copied.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
    }
    let bytes = if all.is_empty() { first } else { all.into() };
    Ok(ReadBody { bytes, _held: held })
}
