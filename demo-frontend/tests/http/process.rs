//! The program itself: its one line on standard output, its ports, its end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A started program; killed when a test fails before its end.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    fn with(dist: &Path, options: &[&str]) -> Self {
        for release in ["release-1", "release-2"] {
            let build = dist.join(release);
            std::fs::create_dir_all(&build).expect("a new folder");
            std::fs::write(build.join("index.html"), "<!doctype html>").expect("a new file");
        }
        let child = Command::new(env!("CARGO_BIN_EXE_demo-frontend"))
            .args(["serve", "--crowd", "1", "--dist"])
            .arg(dist)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        Self(child)
    }

    /// The addresses it prints, and what follows them once it has ended.
    fn ready(&mut self) -> (Value, impl FnOnce() -> String + use<>) {
        let stdout = self.0.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(stdout).lines();
        let first = lines.next().expect("a line").expect("text");
        let addresses =
            serde_json::from_str(&first).unwrap_or_else(|error| panic!("{error}: {first}"));
        (addresses, move || lines.map_while(Result::ok).collect())
    }

    fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "still running");
            std::thread::yield_now();
        }
    }
}

const FREE_PORTS: [&str; 3] = ["--site-port=0", "--backend-port=0", "--admin-port=0"];

#[test]
fn prints_exactly_one_line_and_ends_well_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let dist = tempfile::tempdir().expect("a temporary folder");
        let mut demo = Started::with(dist.path(), &FREE_PORTS);
        let (addresses, rest) = demo.ready();
        for name in ["site", "backend", "admin"] {
            let address = addresses[name].as_str().unwrap_or_default();
            assert!(
                address.starts_with("http://127.0.0.1:"),
                "{name}: {addresses}"
            );
        }
        let kill = Command::new("kill")
            .args([&format!("-{signal}"), &demo.0.id().to_string()])
            .status();
        assert!(kill.expect("kill runs").success());
        assert!(demo.ended().success(), "after SIG{signal}");
        assert_eq!(rest(), "");
    }
}

#[test]
fn ends_when_its_standard_input_closes_if_told_so() {
    let dist = tempfile::tempdir().expect("a temporary folder");
    let options: Vec<&str> = FREE_PORTS
        .into_iter()
        .chain(["--stop-with-stdin"])
        .collect();
    let mut demo = Started::with(dist.path(), &options);
    let (_, _rest) = demo.ready();
    drop(demo.0.stdin.take());
    assert!(demo.ended().success());
}

#[test]
fn a_taken_usual_port_is_replaced_by_a_free_one_and_a_taken_asked_port_is_an_error() {
    let dist = tempfile::tempdir().expect("a temporary folder");
    // Ours, or somebody else's already: taken either way.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let mut demo = Started::with(dist.path(), &["--backend-port=0", "--admin-port=0"]);
    let (addresses, _) = demo.ready();
    let site = addresses["site"].as_str().unwrap_or_default().to_owned();
    assert_ne!(site, "http://127.0.0.1:8080");

    let port = site.rsplit(':').next().unwrap_or_default().to_owned();
    let options = ["--site-port", &port, "--backend-port=0", "--admin-port=0"];
    let mut second = Started::with(dist.path(), &options);
    assert!(!second.ended().success());
}

#[test]
fn a_missing_build_is_said_at_the_start() {
    let dist = tempfile::tempdir().expect("a temporary folder");
    let mut demo = Started::with(
        dist.path(),
        &[
            "--pod=a=9",
            "--site-port=0",
            "--backend-port=0",
            "--admin-port=0",
        ],
    );
    assert!(!demo.ended().success());
}
