//! Simulated users inside the cluster: they call the backend directly and never load a page, so they keep
//! the server-side metrics alive and green whatever the pods do. Weights are those of the workshop's locustfile.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::backend::CROWD_PREFIX;
use crate::random::SplitMix;

/// One thing a simulated user does, and how often compared with the others.
struct Task {
    weight: u64,
    calls: &'static [Call],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Chat,
    SavePreferences,
    ReadPreferences,
    Login,
    /// The real locustfile posts these two; no handler has a branch for that.
    PostLogout,
    PostHistory,
    ReadHistory,
    Startup,
}

const TASKS: [Task; 7] = [
    Task {
        weight: 6,
        calls: &[Call::Chat],
    },
    Task {
        weight: 3,
        calls: &[Call::SavePreferences, Call::ReadPreferences],
    },
    Task {
        weight: 1,
        calls: &[Call::Login],
    },
    Task {
        weight: 1,
        calls: &[Call::PostLogout],
    },
    Task {
        weight: 1,
        calls: &[Call::PostHistory],
    },
    Task {
        weight: 1,
        calls: &[Call::ReadHistory],
    },
    Task {
        weight: 1,
        calls: &[Call::Startup],
    },
];

/// Pause between two tasks of a user.
const SHORTEST_WAIT_MS: u64 = 1000;
const LONGEST_WAIT_MS: u64 = 2000;

/// Runs one simulated user until `stop`.
pub(crate) async fn run_user(backend: String, number: usize, seed: u64, stop: CancellationToken) {
    let user = CrowdUser {
        name: format!("{CROWD_PREFIX}{number}"),
        backend,
        client: Client::new(),
    };
    let mut random = SplitMix::new(seed.wrapping_add(number as u64));
    stop.run_until_cancelled(async {
        // Every other call needs the session.
        while !user.call(Call::Login).await {
            pause(&mut random).await;
        }
        loop {
            pause(&mut random).await;
            for call in choose(&mut random).calls {
                user.call(*call).await;
            }
        }
    })
    .await;
}

fn choose(random: &mut SplitMix) -> &'static Task {
    let total: u64 = TASKS.iter().map(|task| task.weight).sum();
    let mut left = random.next() % total;
    for task in &TASKS {
        match left.checked_sub(task.weight) {
            Some(rest) => left = rest,
            None => return task,
        }
    }
    &TASKS[0]
}

async fn pause(random: &mut SplitMix) {
    let wait_ms = SHORTEST_WAIT_MS + random.next() % (LONGEST_WAIT_MS - SHORTEST_WAIT_MS + 1);
    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
}

struct CrowdUser {
    name: String,
    backend: String,
    client: Client,
}

impl CrowdUser {
    /// Whether the call was answered with 2xx. Failures are the backend's own statistics.
    async fn call(&self, call: Call) -> bool {
        let (method, path, body) = request(call);
        let request = self
            .client
            .request(method, format!("{}{path}", self.backend))
            .header("user", &self.name);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        match request.send().await {
            // Read to its end, or the connection cannot be used again.
            Ok(answer) => answer.status().is_success() && answer.bytes().await.is_ok(),
            Err(error) => {
                tracing::debug!(%error, path, "an in-cluster call failed");
                false
            }
        }
    }
}

fn request(call: Call) -> (Method, &'static str, Option<Value>) {
    match call {
        Call::Chat => (
            Method::POST,
            "/chat",
            Some(json!({ "content": "Something with a twist" })),
        ),
        Call::SavePreferences => {
            let content =
                json!({ "likes": { "genres": ["Drama"] }, "dislikes": { "genres": ["Horror"] } });
            (
                Method::POST,
                "/preferences",
                Some(json!({ "content": content })),
            )
        }
        Call::ReadPreferences => (Method::GET, "/preferences", None),
        Call::Login => (Method::POST, "/login", None),
        Call::PostLogout => (Method::POST, "/logout", None),
        Call::PostHistory => (Method::POST, "/history", None),
        Call::ReadHistory => (Method::GET, "/history", None),
        Call::Startup => (Method::GET, "/startup", None),
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, choose};
    use crate::random::SplitMix;

    #[test]
    fn tasks_are_chosen_by_the_locustfiles_weights() {
        let mut random = SplitMix::new(7);
        let chosen: Vec<Call> = (0..14_000).map(|_| choose(&mut random).calls[0]).collect();
        for (call, weight) in [
            (Call::Chat, 6),
            (Call::SavePreferences, 3),
            (Call::Startup, 1),
        ] {
            let share = chosen.iter().filter(|c| **c == call).count();
            assert!(share.abs_diff(weight * 1000) < 150, "{call:?}: {share}");
        }
    }
}
