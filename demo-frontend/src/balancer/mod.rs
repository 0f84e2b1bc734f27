//! The layer-4 balancer before the pods: it picks a pod per TCP connection, never per user or page.
//!
//! The pick is made when a connection's first line has arrived, so that connections a browser opens in
//! advance and never uses disturb neither a forced sequence nor a seeded one.

mod forward;
mod pick;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use pick::{Pick, PickError};

use crate::pods::Pod;
use crate::random::SplitMix;

/// Picks pods and counts what each got.
pub(crate) struct Balancer {
    targets: Vec<Target>,
    choosing: Mutex<Choosing>,
}

struct Target {
    pod: Arc<Pod>,
    address: SocketAddr,
    connections: AtomicU64,
}

struct Choosing {
    pick: Pick,
    /// Indices of the pods the scenario lets random picks fall on; never empty.
    eligible: Vec<usize>,
    random: SplitMix,
    /// Connections since the pick was set: the place in a sequence.
    made: usize,
}

/// What `GET /balancer` shows.
#[derive(Serialize)]
pub(crate) struct BalancerState {
    pick: String,
    pods: Vec<TargetState>,
}

#[derive(Serialize)]
struct TargetState {
    name: String,
    release: String,
    address: String,
    connections: u64,
    eligible: bool,
}

impl Balancer {
    /// `pods` in the order of their numbers, each with the address it listens on.
    pub(crate) fn new(pods: Vec<(Arc<Pod>, SocketAddr)>, pick: Pick, seed: u64) -> Self {
        let eligible = (0..pods.len()).collect();
        let targets = pods
            .into_iter()
            .map(|(pod, address)| Target {
                pod,
                address,
                connections: AtomicU64::new(0),
            })
            .collect();
        let choosing = Choosing {
            pick,
            eligible,
            random: SplitMix::new(seed),
            made: 0,
        };
        Self {
            targets,
            choosing: Mutex::new(choosing),
        }
    }

    /// Replaces the way of picking; a sequence starts at its beginning.
    pub(crate) fn set_pick(&self, text: &str) -> Result<(), PickError> {
        let pick = Pick::parse(text, self.targets.len())?;
        let mut choosing = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        choosing.pick = pick;
        choosing.made = 0;
        Ok(())
    }

    /// Lets random picks fall on the pods `eligible` says yes to; forced picks heed no scenario.
    pub(crate) fn set_eligible(&self, eligible: impl Fn(&Pod) -> bool) {
        let indices = (0..self.targets.len())
            .filter(|i| eligible(&self.targets[*i].pod))
            .collect();
        self.choosing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .eligible = indices;
    }

    pub(crate) fn state(&self) -> BalancerState {
        let choosing = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        let pods = self
            .targets
            .iter()
            .enumerate()
            .map(|(index, target)| TargetState {
                name: target.pod.name.clone(),
                release: target.pod.release.clone(),
                address: target.address.to_string(),
                connections: target.connections.load(Ordering::Relaxed),
                eligible: choosing.eligible.contains(&index),
            });
        BalancerState {
            pick: choosing.pick.to_string(),
            pods: pods.collect(),
        }
    }

    /// The address for the connection whose first request is for `path`.
    fn choose(&self, path: &str) -> Option<SocketAddr> {
        let mut guard = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        let choosing = &mut *guard;
        let index = choosing.pick.index(
            path,
            choosing.made,
            &choosing.eligible,
            &mut choosing.random,
        );
        choosing.made += 1;
        let target = self.targets.get(index)?;
        target.connections.fetch_add(1, Ordering::Relaxed);
        Some(target.address)
    }
}

/// Takes connections until `stop`, then cuts those that are left.
pub(crate) async fn run(listener: TcpListener, balancer: Arc<Balancer>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let client = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => client,
                Err(error) => {
                    crate::listen::pause_after(&error).await;
                    continue;
                }
            },
        };
        let (balancer, stop) = (Arc::clone(&balancer), stop.clone());
        connections.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // A failed connection is the browser's to notice; counting it is the visitors' business.
                _ = forward::forward(client, |path| balancer.choose(path)) => {}
            }
        });
    }
    connections.close();
    connections.wait().await;
}
