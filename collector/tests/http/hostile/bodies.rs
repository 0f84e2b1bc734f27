//! Bodies that arrive in pieces, not to their end, or as no text at all.

use super::{assert_readable, connect, counted, exchange, others_are_served, read};
use crate::harness::{Collector, KEY, ORIGIN, beacon, page, view};
use beacon::{PageOutcome, encode, encode_json};
use tokio::io::AsyncWriteExt;

const REJECTED: &str = "sightline_collector_beacons_rejected_total";

fn chunked(pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!(
        "POST /v1/beacons/{KEY} HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    for piece in pieces {
        bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        bytes.extend(*piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[tokio::test]
async fn a_beacon_in_pieces_of_one_byte_is_taken_whole() {
    let collector = Collector::start().await;
    let body = encode(&beacon(view(1), 0, vec![page(PageOutcome::Blank)])).unwrap();
    let pieces: Vec<&[u8]> = body.chunks(1).collect();
    assert_eq!(exchange(&collector, &chunked(&pieces)).await.status, 204);
    assert_eq!(collector.slis("").await["pages"]["bad"], 1);
    collector.stop().await;
}

#[tokio::test]
async fn a_body_cut_off_at_any_byte_is_counted_as_aborted_and_stores_nothing() {
    let collector = Collector::start().await;
    let body = encode(&beacon(view(1), 0, vec![page(PageOutcome::Blank)])).unwrap();
    let head = format!(
        "POST /v1/beacons/{KEY} HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    for sent in 0..body.len() {
        let mut stream = connect(&collector).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..sent]).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    let count = f64::from(u32::try_from(body.len()).unwrap());
    counted(&collector, REJECTED, "aborted", count).await;
    assert_eq!(collector.slis("").await["coverage"]["views"], 0);
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn chunks_that_lie_about_their_length_are_refused_and_counted() {
    let collector = Collector::start().await;
    let head = format!(
        "POST /v1/beacons/{KEY} HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    for (number, lie) in (1u8..).zip([
        "zz\r\nab\r\n",
        "2\r\nabcdef\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nab\r\n",
        "-1\r\nab\r\n",
    ]) {
        let answer = exchange(&collector, format!("{head}{lie}").as_bytes()).await;
        assert_eq!(answer.status, 400, "{lie:?}: {}", answer.text);
        counted(&collector, REJECTED, "aborted", f64::from(number)).await;
    }
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn a_body_without_end_is_refused_as_soon_as_it_is_too_large() {
    let collector = Collector::start().await;
    let head = format!(
        "POST /v1/beacons/{KEY} HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    let mut stream = connect(&collector).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    // It never ends by itself.
    let (mut reading, mut writing) = stream.into_split();
    let pouring =
        tokio::spawn(async move { while writing.write_all(chunk.as_bytes()).await.is_ok() {} });
    let mut first = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut reading, &mut first)
        .await
        .unwrap();
    assert_eq!(&first, b"HTTP/1.1 413");
    pouring.await.unwrap();
    counted(&collector, REJECTED, "body_too_large", 1.0).await;
    collector.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_in_either_encoding() {
    let collector = Collector::start().await;
    let good = beacon(view(1), 0, vec![page(PageOutcome::Ready)]);
    let mut binary = encode(&good).unwrap();
    let mut json = encode_json(&good).unwrap();
    for bytes in [&mut binary, &mut json] {
        let at = bytes.windows(5).position(|five| five == b"pod-1").unwrap();
        bytes[at..at + 5].copy_from_slice(b"\xff\xfe\xc0\xaf\xed");
        let answer = collector.post(bytes.clone()).await;
        assert_readable(&answer, 400, "malformed");
    }
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn deep_json_is_refused_and_exhausts_nothing() {
    let collector = Collector::start().await;
    let good = String::from_utf8(encode_json(&beacon(view(1), 0, Vec::new())).unwrap()).unwrap();
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(9000), close.repeat(9000));
    for nested in [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(60_000)] {
        let alone = collector.post(nested.clone()).await;
        assert_eq!(alone.status, 400, "{}", alone.text);
        let inside = good.replace("\"events\":[]", &format!("\"events\":[{nested}]"));
        assert_ne!(inside, good);
        let answer = collector.post(inside).await;
        assert!(matches!(answer.status, 400 | 413 | 422), "{}", answer.text);
    }
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn who_sends_two_requests_at_once_gets_two_answers() {
    let collector = Collector::start().await;
    let body = encode(&beacon(view(1), 0, Vec::new())).unwrap();
    let again = encode(&beacon(view(1), 1, Vec::new())).unwrap();
    let mut bytes = Vec::new();
    for (body, connection) in [(body, "keep-alive"), (again, "close")] {
        bytes.extend(
            format!(
                "POST /v1/beacons/{KEY} HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\n\
                 connection: {connection}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
            .into_bytes(),
        );
        bytes.extend(body);
    }
    let mut stream = connect(&collector).await;
    stream.write_all(&bytes).await.unwrap();
    let answers = read(&mut stream).await;
    assert_eq!(answers.status, 204);
    assert!(
        answers.text.starts_with("HTTP/1.1 204"),
        "{:?}",
        answers.text
    );
    collector.stop().await;
}
