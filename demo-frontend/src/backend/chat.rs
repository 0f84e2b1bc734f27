//! `POST /chat`: a message to the agent. A failed one is an HTTP error or an answer that says ERROR.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::agent::{self, AgentResult};
use super::attempt::Verdict;
use super::draws::{Decision, Operation};
use super::films::films_about;
use super::metrics::{OUTCOMES, SENTIMENTS, outcome_label, sentiment_label};
use super::{
    Backend, ChatFailure, Phase, Population, User, internal_error, no_branch, unknown_session,
};
use crate::listen::drop_connection;

/// Beyond it the real server means to answer 400, and dies.
const LONGEST_MESSAGE: usize = 1000;
const FILMS_PER_ANSWER: usize = 3;

#[derive(Deserialize)]
struct Message {
    content: String,
}

/// How the next failed chat looks.
pub(super) struct Failures {
    kind: ChatFailure,
    failed: AtomicUsize,
}

impl Failures {
    pub(super) fn new(kind: ChatFailure) -> Self {
        Self {
            kind,
            failed: AtomicUsize::new(0),
        }
    }

    fn next(&self) -> ChatFailure {
        match self.kind {
            ChatFailure::Mix
                if self
                    .failed
                    .fetch_add(1, Ordering::Relaxed)
                    .is_multiple_of(2) =>
            {
                ChatFailure::Http500
            }
            ChatFailure::Mix => ChatFailure::ResultError,
            one => one,
        }
    }
}

pub(super) async fn chat(
    State(backend): State<Arc<Backend>>,
    user: User,
    method: Method,
    body: Bytes,
) -> Response {
    if method != Method::POST {
        return no_branch();
    }
    let Some(account) = backend.accounts.snapshot(&user) else {
        return unknown_session();
    };
    let Ok(Message { content }) = serde_json::from_slice(&body) else {
        return (StatusCode::BAD_REQUEST, "no message\n").into_response();
    };
    if content.chars().count() > LONGEST_MESSAGE {
        return drop_connection();
    }
    if backend.attempt(Operation::Chat, user.population()).await == Verdict::Failure {
        return match backend.chat_failures.next() {
            ChatFailure::ResultError => {
                agent::without_films(AgentResult::Error, Some(account.preferences))
            }
            ChatFailure::Http500 | ChatFailure::Mix => internal_error("the chat failed\n"),
        };
    }
    let phase = backend.phase();
    let safety = backend.draws.next(Decision::Safety, user.population());
    count_mood(&backend, &phase, user.population());
    if safety < phase.chat_safety_issue {
        backend.metrics.safety_issues.inc();
        return agent::without_films(AgentResult::Unsafe, Some(account.preferences));
    }
    let films = films_about(&content, FILMS_PER_ANSWER);
    let answer = answer(&films);
    backend
        .accounts
        .change(&user, |account| account.remember(&content, &answer));
    // The preferences of when the message came: a chip deleted meanwhile comes back on the page.
    agent::success(answer, films, account.preferences)
}

fn answer(films: &[super::films::Film]) -> String {
    let line =
        |film: &super::films::Film| format!("{} ({}): {}", film.title, film.released, film.plot);
    let lines: Vec<String> = films.iter().map(line).collect();
    format!("You could try one of these.\n{}", lines.join("\n"))
}

/// What the user made of an answered chat, and in which mood: drawn, as in the real server's generator.
/// When the probabilities sum to less than 1, the rest counts nowhere.
fn count_mood(backend: &Backend, phase: &Phase, population: Population) {
    let outcomes = [
        phase.chat_engaged,
        phase.chat_acknowledged,
        phase.chat_rejected,
        phase.chat_unclassified,
    ];
    let sentiments = [
        phase.chat_s_positive,
        phase.chat_s_negative,
        phase.chat_s_neutral,
        phase.chat_s_unclassified,
    ];
    let drawn = backend.draws.next(Decision::Sentiment, population);
    if let Some(sentiment) = drawn_of(SENTIMENTS, sentiments, drawn) {
        backend
            .metrics
            .sentiments
            .get_or_create(&sentiment_label(sentiment))
            .inc();
    }
    let drawn = backend.draws.next(Decision::Outcome, population);
    if let Some(outcome) = drawn_of(OUTCOMES, outcomes, drawn) {
        backend
            .metrics
            .outcomes
            .get_or_create(&outcome_label(outcome))
            .inc();
    }
}

fn drawn_of<const N: usize>(
    names: [&'static str; N],
    chances: [f64; N],
    drawn: f64,
) -> Option<&'static str> {
    let mut up_to = 0.0;
    names.into_iter().zip(chances).find_map(|(name, chance)| {
        up_to += chance;
        (drawn < up_to).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::{OUTCOMES, drawn_of};

    #[test]
    fn chances_that_sum_below_one_leave_the_rest_without_an_outcome() {
        let challenge_6 = [0.5, 0.1, 0.05, 0.1];
        for (drawn, expected) in [
            (0.0, Some("Engaged")),
            (0.55, Some("Acknowledged")),
            (0.62, Some("Rejected")),
            (0.7, Some("Unclassified")),
            (0.76, None),
        ] {
            assert_eq!(drawn_of(OUTCOMES, challenge_6, drawn), expected, "{drawn}");
        }
    }
}
