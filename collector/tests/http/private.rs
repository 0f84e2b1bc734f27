//! The private listener, and TLS on either.

use crate::harness::{Answer, Collector, beacon, page, view};
use crate::hostile::{exchange, parsed};
use crate::process::{configured, started};
use beacon::{PageOutcome, encode};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

const TOKEN: &str = "0123456789abcdef-the-token";

async fn asked(private: &str, path: &str, token: Option<&str>) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("{private}{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn with_a_token_no_figure_leaves_without_it() {
    let folder = configured();
    std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    let file = folder.path().join("token").display().to_string();
    let path = folder.path().join("c.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // On every address: without the token it would not start.
    let text = text.replace(
        "private = \"127.0.0.1:0\"",
        &format!("private = \"0.0.0.0:0\"\nprivate_token_file = {file:?}"),
    );
    std::fs::write(path, text).unwrap();
    let mut process = started(folder.path()).await;
    let private = process.private.replace("0.0.0.0", "127.0.0.1");
    for path in [
        "/metrics",
        "/api/v1/slis",
        "/api/v1/views",
        "/api/v1/config",
        "/nowhere",
    ] {
        for wrong in [
            None,
            Some(""),
            Some("0123456789abcdef"),
            Some("0123456789abcdef-the-tokeN"),
        ] {
            let (status, text) = asked(&private, path, wrong).await;
            assert_eq!(status, 401, "{path} with {wrong:?}: {text}");
            assert!(text.contains("token_needed"), "{text}");
        }
    }
    for path in ["/metrics", "/api/v1/slis"] {
        assert_eq!(asked(&private, path, Some(TOKEN)).await.0, 200, "{path}");
    }
    // The page holds no figures; it asks with the token it was opened with.
    for path in [
        "/",
        "/assets/main.js",
        "/assets/token.js",
        "/healthz",
        "/readyz",
    ] {
        assert_eq!(asked(&private, path, None).await.0, 200, "{path}");
    }
    crate::harness::check_books(async || asked(&private, "/metrics", Some(TOKEN)).await.1).await;
    drop(process.child.stdin.take());
    process.ended().await;
    let log = std::mem::replace(&mut process.log, tokio::spawn(async { String::new() }));
    let log = log.await.unwrap();
    assert!(
        !log.contains("0123456789abcdef"),
        "the token is in the log: {log}"
    );
    assert_eq!(log.matches("private listener: refused").count(), 1, "{log}");
}

#[tokio::test]
async fn without_a_token_a_foreign_name_for_it_is_refused() {
    let collector = Collector::start_with("[listen]\nprivate_hosts = ['rum.internal']").await;
    let address = collector.private.trim_start_matches("http://").to_owned();
    for (host, status) in [
        ("evil.test", 421),
        ("127.0.0.1.evil.test", 421),
        ("localhost:8091", 200),
        ("rum.internal", 200),
        (address.as_str(), 200),
    ] {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(parsed(&text).status, status, "{host}");
    }
    collector.stop().await;
}

/// A certificate for `localhost` in the folder, and a client that trusts it.
fn certify(folder: &Path) -> TlsConnector {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(cert.der().to_vec()))
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn over_tls(
    connector: &TlsConnector,
    address: &str,
    request: &[u8],
) -> std::io::Result<Answer> {
    let stream = TcpStream::connect(address.trim_start_matches("https://")).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await?;
    stream.write_all(request).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(parsed(&text))
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn both_listeners_speak_tls_and_take_a_renewed_certificate_without_a_restart() {
    let folder = configured();
    let first = certify(folder.path());
    let path = folder.path().join("c.toml");
    let tls = format!(
        "{{ cert = {:?}, key = {:?} }}",
        folder.path().join("cert.pem"),
        folder.path().join("key.pem")
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace(
        "[store]",
        &format!("public_tls = {tls}\nprivate_tls = {tls}\n[store]"),
    );
    std::fs::write(path, text).unwrap();
    let mut process = started(folder.path()).await;
    assert!(process.public.starts_with("https://"), "{}", process.public);
    let body = encode(&beacon(view(1), 0, vec![page(PageOutcome::Ready)])).unwrap();
    let head = format!(
        "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: localhost\r\norigin: http://shop.test\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let sent = over_tls(&first, &process.public, &[head.as_bytes(), &body].concat()).await;
    assert_eq!(sent.unwrap().status, 204);
    assert_eq!(
        over_tls(&first, &process.private, &get("/metrics"))
            .await
            .unwrap()
            .status,
        200
    );
    // Plain http to a TLS listener is cut off and counted, and harms nobody.
    let mut plain = TcpStream::connect(process.public.trim_start_matches("https://"))
        .await
        .unwrap();
    plain.write_all(&get("/healthz")).await.unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP"));

    let second = certify(folder.path());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while over_tls(&second, &process.private, &get("/healthz"))
        .await
        .is_err()
    {
        assert!(
            std::time::Instant::now() < deadline,
            "the old certificate is still used"
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(
        over_tls(&first, &process.public, &get("/healthz"))
            .await
            .is_err()
    );
    let private = process.private.clone();
    let metrics = over_tls(&second, &private, &get("/metrics")).await.unwrap();
    assert!(
        metrics
            .text
            .contains("requests_broken_total{reason=\"tls_handshake\"}")
    );
    crate::harness::check_books(async || {
        dechunked(&over_tls(&second, &private, &get("/metrics")).await.unwrap())
    })
    .await;
    drop(process.child.stdin.take());
    process.ended().await;
}

/// Without the lines that only give a chunk's length.
fn dechunked(answer: &Answer) -> String {
    answer.text.clone()
}

#[tokio::test]
async fn the_public_listener_needs_no_token_and_shows_no_figures() {
    let collector = Collector::start().await;
    for path in ["/metrics", "/api/v1/slis", "/api/v1/config", "/"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\r\n");
        assert_eq!(
            exchange(&collector, request.as_bytes()).await.status,
            404,
            "{path}"
        );
    }
    collector.stop().await;
}
