//! A server process under load: started on free ports of loopback, observed through /proc, stopped by
//! closing its standard input, so also when we are killed.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) private: Option<SocketAddr>,
    /// From its start to the line that says it listens.
    pub(crate) ready_after: Duration,
}

/// Where the collector under test keeps its things.
pub(crate) struct Place {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Server {
    pub(crate) fn baseline() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::start(command.arg("baseline"))
    }

    pub(crate) fn collector(place: &Place) -> Result<Self> {
        Self::collector_with(place, &[])
    }

    /// With settings of its environment over those of its file.
    pub(crate) fn collector_with(place: &Place, settings: &[(&str, u64)]) -> Result<Self> {
        let config = place.folder.join("collector.toml");
        fs::write(&config, configuration(&place.database()))?;
        let mut command = Command::new(&place.program);
        command.arg("--config").arg(config).arg("--stop-with-stdin");
        let settings = settings
            .iter()
            .map(|(name, value)| (name, value.to_string()));
        command.envs(settings);
        Self::start(&mut command)
    }

    fn start(command: &mut Command) -> Result<Self> {
        let begun = Instant::now();
        let mut child = command
            .env("RUST_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let said: Value = serde_json::from_str(&line)
            .with_context(|| format!("{command:?} did not say where it listens"))?;
        let address = |name: &str| {
            let text = said[name].as_str()?.strip_prefix("http://")?;
            text.parse().ok()
        };
        Ok(Self {
            public: address("public").context("no public address")?,
            private: address("private"),
            ready_after: begun.elapsed(),
            child,
        })
    }

    /// A number that no other server of this machine has had lately, for views that no other has seen.
    pub(crate) fn seed(&self) -> u64 {
        u64::from(self.child.id())
    }

    /// Seconds on a processor so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds(&format!("/proc/{}/stat", self.child.id()))
    }

    /// Bytes it has had written to the device so far.
    pub(crate) fn written_bytes(&self) -> f64 {
        let text = fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("write_bytes:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|number| number.parse().ok()).unwrap_or(0.0)
    }

    /// Resident megabytes: now, and at most.
    pub(crate) fn resident_mb(&self) -> (f64, f64) {
        let path = format!("/proc/{}/status", self.child.id());
        (status_mb(&path, "VmRSS:"), status_mb(&path, "VmHWM:"))
    }

    /// Looks at its memory every second.
    pub(crate) fn watch_memory(&self) -> MemoryWatch {
        let path = format!("/proc/{}/status", self.child.id());
        let (stop, stopped) = channel::<()>();
        let looking = std::thread::spawn(move || {
            let (mut least, mut most) = (f64::MAX, 0.0f64);
            loop {
                let now = status_mb(&path, "VmRSS:");
                (least, most) = (least.min(now), most.max(now));
                let waited = stopped.recv_timeout(Duration::from_secs(1));
                if waited != Err(RecvTimeoutError::Timeout) {
                    return (least, most);
                }
            }
        });
        MemoryWatch { stop, looking }
    }

    /// A series of `/metrics`, summed over its labels.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let address = self.private.context("this server has no metrics")?;
        let text = get(address, "/metrics")?;
        let of_series = |line: &&str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([' ', '{']))
        };
        let values = text
            .lines()
            .filter(of_series)
            .filter_map(|line| line.rsplit(' ').next());
        Ok(values.filter_map(|value| value.parse::<f64>().ok()).sum())
    }

    /// Everything received has exactly one verdict, once nothing is under way.
    fn check_books(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        for side in ["beacons", "events"] {
            let sum = |verdict| self.metric(&format!("sightline_collector_{side}_{verdict}_total"));
            loop {
                let received = sum("received")?;
                let verdicts = sum("accepted")? + sum("duplicate")? + sum("rejected")?;
                if received == verdicts {
                    break;
                }
                if Instant::now() > deadline {
                    bail!("{received} {side} were received and {verdicts} have a verdict");
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    /// Kills it with SIGKILL when its time has come.
    pub(crate) fn dies_after(mut self, life: Duration) -> Dying {
        Dying(std::thread::spawn(move || {
            std::thread::sleep(life);
            self.child.kill()?;
            self.child.wait().map(|_| ())
        }))
    }

    /// Asks it to stop and waits until it has, after checking its books.
    pub(crate) fn stop(mut self) -> Result<()> {
        if self.private.is_some() {
            self.check_books()?;
        }
        drop(self.child.stdin.take());
        let ended = self.child.wait()?;
        if !ended.success() {
            bail!("the server ended with {ended}");
        }
        Ok(())
    }
}

/// A look at a server's memory that goes on.
pub(crate) struct MemoryWatch {
    stop: Sender<()>,
    looking: std::thread::JoinHandle<(f64, f64)>,
}

impl MemoryWatch {
    /// Least and most megabytes resident.
    pub(crate) fn ended(self) -> (f64, f64) {
        drop(self.stop);
        self.looking.join().unwrap_or((0.0, f64::INFINITY))
    }
}

/// A line of a process's status, in megabytes.
fn status_mb(path: &str, name: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: f64 = number.and_then(|number| number.parse().ok()).unwrap_or(0.0);
    kilobytes / 1024.0
}

/// A server that is about to be killed.
pub(crate) struct Dying(std::thread::JoinHandle<std::io::Result<()>>);

impl Dying {
    /// Waits until it is dead.
    pub(crate) fn join(self) -> Result<()> {
        match self.0.join() {
            Ok(killed) => killed.context("the server could not be killed"),
            Err(_) => bail!("the killer ended in a panic"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to be done when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("sightline.db")
    }

    /// Bytes of the database and what lies beside it.
    pub(crate) fn disk_bytes(&self) -> u64 {
        let sizes = ["", "-wal"].map(|suffix| {
            let path = format!("{}{suffix}", self.database().display());
            fs::metadata(path).map_or(0, |file| file.len())
        });
        sizes.iter().sum()
    }
}

/// Seconds this process has been on a processor.
pub(crate) fn own_cpu_seconds() -> f64 {
    cpu_seconds("/proc/self/stat")
}

fn cpu_seconds(path: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    // The fields after the name, which may hold blanks: utime and stime are the 12th and 13th.
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// A page of a server, read whole.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{path}: {head}\n{body}");
    }
    Ok(body.to_owned())
}

fn configuration(database: &Path) -> String {
    let journeys = [
        ("access_app", 3000),
        ("chat", 5000),
        ("update_preferences", 1000),
    ];
    let journeys = journeys.map(|(name, threshold_ms)| {
        format!("[[apps.journeys]]\nname = \"{name}\"\nthreshold_ms = {threshold_ms}\n")
    });
    format!(
        "[listen]\npublic = \"127.0.0.1:0\"\nprivate = \"127.0.0.1:0\"\n\
         connections_per_client = 8192\n\
         [store]\npath = {:?}\n\
         [ingest]\nbeacons_per_second = 1000000\nburst = 1000000\n\
         client_beacons_per_second = 1000000\nclient_burst = 1000000\n\
         [[apps]]\nname = \"movie-guru\"\nkeys = [\"movie-guru-web\"]\n\
         origins = [\"http://movieguru.test\"]\n\
         expected_backend_origins = [\"http://api.movieguru.test\"]\n{}",
        database.display().to_string(),
        journeys.concat()
    )
}
