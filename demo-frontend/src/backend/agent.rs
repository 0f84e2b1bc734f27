//! The agent's answers, in the real server's shape. The agent is not one: it quotes the film list.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::accounts::Preferences;
use super::films::Film;

/// The verdict inside an answer, whatever its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AgentResult {
    Undefined,
    Success,
    BadQuery,
    Unsafe,
    TooLong,
    Error,
}

impl AgentResult {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Success => "SUCCESS",
            Self::BadQuery => "BAD_QUERY",
            Self::Unsafe => "UNSAFE",
            Self::TooLong => "TOO_LONG",
            Self::Error => "ERROR",
        }
    }
}

#[derive(Serialize)]
struct AgentResponse {
    answer: String,
    relevant_movies: Vec<&'static str>,
    context: Vec<Film>,
    error_message: &'static str,
    result: &'static str,
    preferences: Option<Preferences>,
}

/// An answer about films.
pub(super) fn success(answer: String, films: Vec<Film>, preferences: Preferences) -> Response {
    respond(
        AgentResult::Success,
        AgentResponse {
            answer,
            relevant_movies: films.iter().map(|film| film.title).collect(),
            context: films,
            error_message: "",
            result: AgentResult::Success.name(),
            preferences: Some(preferences),
        },
    )
}

/// An answer without films: all that matters about it is its result.
pub(super) fn without_films(result: AgentResult, preferences: Option<Preferences>) -> Response {
    let (answer, error_message) = match result {
        AgentResult::Unsafe => ("That was a naughty query. I cannot answer it.", ""),
        AgentResult::Error => ("", "the agent failed"),
        AgentResult::BadQuery => ("", "the query makes no sense"),
        AgentResult::TooLong => ("", "the query is too long"),
        AgentResult::Undefined | AgentResult::Success => ("", ""),
    };
    respond(
        result,
        AgentResponse {
            answer: answer.to_owned(),
            relevant_movies: Vec::new(),
            context: Vec::new(),
            error_message,
            result: result.name(),
            preferences,
        },
    )
}

/// The result also goes to the log, which does not read bodies.
fn respond(result: AgentResult, body: AgentResponse) -> Response {
    let mut response = Json(body).into_response();
    response.extensions_mut().insert(result);
    response
}
