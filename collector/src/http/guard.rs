//! Who may use the private listener. With a token: whoever sends it, and nobody else; the page itself
//! holds no figures and needs none, so that it can be opened and then asks with the token. Without
//! one: whoever asks for it under a name that cannot be somebody else's page in disguise.

use super::problem::Problem;
use crate::app::App;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let settings = app.settings();
    let listen = &settings.config.listen;
    let refusal = match &listen.private_token {
        Some(_) if is_without_figures(request.uri()) => None,
        Some(token) => {
            let offered = bearer(request.headers());
            (!offered.is_some_and(|offered| token.is(offered))).then(no_token)
        }
        None => {
            let host = host(&request);
            let known = host.is_some_and(|host| is_ours(host, &listen.private_hosts));
            (!known).then(|| strange_host().into_response())
        }
    };
    match refusal {
        Some(refusal) => {
            app.problems().tell("private", |kept_back| {
                tracing::warn!(kept_back, "private listener: refused {}", refusal.status());
            });
            refusal
        }
        None => next.run(request).await,
    }
}

fn is_without_figures(uri: &Uri) -> bool {
    let path = uri.path();
    matches!(path, "/" | "/healthz" | "/readyz") || path.starts_with("/assets/")
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

fn host(request: &Request) -> Option<&str> {
    let told = request.headers().get(header::HOST);
    told.and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(Authority::as_str))
}

/// A page of anybody can let its own name point to 127.0.0.1 and then read what answers there. It cannot
/// choose an address or `localhost` as its name.
fn is_ours(host: &str, known: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.to_ascii_lowercase();
    bare.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || known.contains(&name)
}

fn no_token() -> Response {
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "token_needed",
        "the token is missing or wrong",
        "the private listener",
        "send Authorization: Bearer …, or open the page as /#token=…",
    );
    let mut response = problem.into_response();
    let challenge = HeaderValue::from_static("Bearer realm=\"sightline\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn strange_host() -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "unknown_host",
        "the private listener is not known under this name",
        "the Host header",
        "ask for it by its address, or add the name to listen.private_hosts",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_no_foreign_page_can_have_are_ours() {
        let known = ["rum.internal".to_owned()];
        for ours in [
            "127.0.0.1:8091",
            "127.0.0.1",
            "[::1]:8091",
            "[::1]",
            "localhost:8091",
            "LOCALHOST",
            "rum.localhost",
            "rum.internal:80",
        ] {
            assert!(is_ours(ours, &known), "{ours}");
        }
        for foreign in [
            "evil.test",
            "evil.test:8091",
            "127.0.0.1.evil.test",
            "localhost.evil.test",
            "",
        ] {
            assert!(!is_ours(foreign, &known), "{foreign}");
        }
    }
}
