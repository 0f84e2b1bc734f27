//! The backend: answers that come late, in pieces, broken, or not at all, as their address asks. Every
//! request is noted before it is answered.

use super::log::{Arrival, Log, Noted};
use super::sockets;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tower_http::cors::{Any, CorsLayer};

/// More than any test sends.
pub(super) const BODY_BYTES: usize = 1 << 20;
const ENDLESS_PIECE: usize = 64 * 1024;

/// The routes: readable from every origin; under `/no-cors` from none but their own; under
/// `/simple-cors` without any header that would need a preflight.
pub(super) fn routes(log: &Arc<Log>) -> Router {
    let simple = CorsLayer::new().allow_origin(Any);
    let routes = Router::new()
        .nest("/no-cors", answers())
        .nest("/simple-cors", answers().layer(simple))
        .merge(answers().layer(CorsLayer::very_permissive()));
    routes.layer(middleware::from_fn_with_state(Arc::clone(log), note))
}

fn answers() -> Router {
    Router::new()
        .route("/delay/{headers_ms}/{body_ms}", any(delay))
        .route("/stream/{first_ms}/{gap_ms}/{pieces}", any(stream_pieces))
        .route(
            "/stream/{first_ms}/{gap_ms}/{pieces}/{*name}",
            any(stream_pieces),
        )
        .route("/turns/{delays_ms}", any(by_turns))
        .route("/items/{*name}", any(json_answer))
        .route("/endless", any(endless))
        .route("/cut", any(cut))
        .route("/never", any(never))
        .route("/never/{*name}", any(never))
        .route("/status/{code}", any(status))
        .route("/status/{code}/{*name}", any(status))
        .route("/json", any(json_answer))
        .route("/html", any(html))
        .route("/echo", any(echo))
        .route("/take/{what}", any(taken))
        .route("/asset/{ms}/{*name}", any(asset))
        .route("/sse/{events}/{gap_ms}", any(sockets::events))
        .route("/ws", any(sockets::talk))
}

async fn note(State(log): State<Arc<Log>>, request: Request, next: Next) -> Response {
    let at_ms = log.now_ms();
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
    let noted = log.note(Arrival {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: (parts.headers.iter())
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: body.to_vec(),
        at_ms,
        head_ms: None,
        first_ms: None,
        last_ms: None,
        pieces: 0,
    });
    parts.extensions.insert(noted.clone());
    let answer = next.run(Request::from_parts(parts, body.into())).await;
    noted.head_leaves();
    answer
}

/// What the query of an address changes in its answer.
#[derive(Deserialize)]
struct How {
    /// The answer's status.
    #[serde(default = "fine")]
    status: u16,
    /// The field `result` of a JSON answer.
    #[serde(default = "success")]
    result: String,
}

fn fine() -> u16 {
    200
}

fn success() -> String {
    "SUCCESS".to_owned()
}

/// Writes a body piece by piece and notes when each left.
pub(super) struct Pen {
    noted: Noted,
    pieces: mpsc::Sender<io::Result<Bytes>>,
}

impl Pen {
    /// Answers whether the reader is still there.
    pub(super) async fn write(&self, piece: impl Into<Bytes>) -> bool {
        self.noted.piece_leaves();
        self.pieces.send(Ok(piece.into())).await.is_ok()
    }

    async fn cut(self) {
        let broken = io::Error::new(io::ErrorKind::ConnectionReset, "cut on purpose");
        // A reader that has gone needs no cutting.
        let _ = self.pieces.send(Err(broken)).await;
    }
}

/// An answer's body that is written while it is read.
pub(super) fn written<F>(noted: Noted, write: impl FnOnce(Pen) -> F) -> Body
where
    F: Future<Output = ()> + Send + 'static,
{
    let (pieces, reader) = mpsc::channel(1);
    tokio::spawn(write(Pen { noted, pieces }));
    Body::from_stream(stream::unfold(reader, |mut reader| async {
        let piece = reader.recv().await?;
        Some((piece, reader))
    }))
}

pub(super) async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Headers and half of the body after the first time, the rest after the second.
async fn delay(
    Path((headers_ms, body_ms)): Path<(u64, u64)>,
    Query(how): Query<How>,
    Extension(noted): Extension<Noted>,
) -> Response {
    pass(headers_ms).await;
    let text = json!({ "result": how.result, "padding": "x".repeat(256) }).to_string();
    let body = written(noted, async move |pen| {
        let (begin, rest) = text.split_at(text.len() / 2);
        if body_ms == 0 {
            pen.write(text).await;
        } else if pen.write(begin.to_owned()).await {
            pass(body_ms).await;
            pen.write(rest.to_owned()).await;
        }
    });
    (
        code(how.status),
        [(header::CONTENT_TYPE, "application/json")],
        body,
    )
        .into_response()
}

#[derive(Deserialize)]
struct Pieces {
    first_ms: u64,
    gap_ms: u64,
    pieces: u64,
}

/// Headers at once, the first piece after the first time, then a piece after each gap: `piece 0\n`.
async fn stream_pieces(Path(asked): Path<Pieces>, Extension(noted): Extension<Noted>) -> Response {
    let Pieces {
        first_ms,
        gap_ms,
        pieces,
    } = asked;
    let body = written(noted, async move |pen| {
        for number in 0..pieces {
            pass(if number == 0 { first_ms } else { gap_ms }).await;
            if !pen.write(format!("piece {number}\n")).await {
                return;
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/plain"),
        // Browsers look at the beginning of a text, and keep it until there is enough of it.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

/// `/turns/50-250-450`: calls of one address get the delays by turns, for half of the body.
async fn by_turns(
    Path(delays_ms): Path<String>,
    Query(how): Query<How>,
    Extension(noted): Extension<Noted>,
) -> Response {
    let delays: Vec<u64> = (delays_ms.split('-').filter_map(|ms| ms.parse().ok())).collect();
    let turn = noted.turn();
    let ms = delays.get(turn % delays.len().max(1)).copied();
    delay(Path((0, ms.unwrap_or(0))), Query(how), Extension(noted)).await
}

/// As much as is read, as fast as it is read.
async fn endless(Extension(noted): Extension<Noted>) -> Response {
    let piece = Bytes::from(vec![b'.'; ENDLESS_PIECE]);
    let body = written(
        noted,
        async move |pen| {
            while pen.write(piece.clone()).await {}
        },
    );
    ([(header::CONTENT_TYPE, "text/plain")], body).into_response()
}

/// The connection breaks in the middle of the body.
async fn cut(Extension(noted): Extension<Noted>) -> Response {
    let body = written(noted, async |pen| {
        pen.write("{\"half\":").await;
        pass(50).await;
        pen.cut().await;
    });
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn never() -> Response {
    std::future::pending().await
}

#[derive(Deserialize)]
struct Status {
    code: u16,
}

async fn status(Path(Status { code: status }): Path<Status>) -> Response {
    (code(status), Json(json!({ "status": status }))).into_response()
}

async fn json_answer(Query(how): Query<How>) -> Response {
    (code(how.status), Json(json!({ "result": how.result }))).into_response()
}

async fn html(Query(how): Query<How>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html")];
    (code(how.status), kind, "<!doctype html><p>Not JSON").into_response()
}

/// What came, as JSON.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let headers: serde_json::Map<_, _> = (headers.iter())
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value.into())
        })
        .collect();
    Json(json!({
        "method": method.as_str(),
        "target": uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
    .into_response()
}

/// For what pages have to say: the log has it.
async fn taken() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// A file of the kind its name ends with, after a time; never cached.
async fn asset(Path((ms, name)): Path<(u64, String)>, Query(how): Query<How>) -> Response {
    const DRAWING: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>"#;
    pass(ms).await;
    let (kind, text) = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => (
            "text/javascript",
            "globalThis.assets = (globalThis.assets || 0) + 1;",
        ),
        Some("css") => ("text/css", ":root { --loaded: 1 }"),
        Some("svg") => ("image/svg+xml", DRAWING),
        _ => ("text/plain", "text"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (code(how.status), headers, text).into_response()
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST)
}
