//! What the machine gives without us: a bare axum handler that reads the body and answers 202.

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// Serves until standard input closes.
#[tokio::main]
pub(crate) async fn serve() -> Result<()> {
    let take = |body: Bytes| async move {
        std::hint::black_box(body);
        StatusCode::ACCEPTED
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(
        "{}",
        serde_json::json!({ "public": format!("http://{}", listener.local_addr()?) })
    );
    let router = Router::new().route("/v1/beacons/{key}", post(take));
    let stop = async {
        let mut stdin = tokio::io::stdin();
        let mut ignored = [0; 64];
        while stdin.read(&mut ignored).await.is_ok_and(|bytes| bytes > 0) {}
    };
    tokio::select! {
        served = axum::serve(listener, router) => Ok(served?),
        () = stop => Ok(()),
    }
}
