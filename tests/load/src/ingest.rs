//! The collector beside a bare handler, on the same machine, with the same requests: first as fast as
//! both can, then at 70% of that with latencies from when each beacon was due.

use crate::apart::Apart;
use crate::client::{Client, Pace, Run, percentile_ms};
use crate::server::{Place, Server, own_cpu_seconds};
use crate::visits::Crowd;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// More than wait for the collector's writer at most, and are being committed.
const OVERLOAD_CONNECTIONS: usize = 6500;
/// The part of the most that is taken as a configured limit.
const LIMITED_TO: f64 = 0.6;

#[derive(Args)]
pub(crate) struct Options {
    /// The collector's program
    #[arg(long)]
    collector: PathBuf,
    /// Where databases are made; what they leave is removed
    #[arg(long)]
    folder: PathBuf,
    /// A short form for every day, under 50 s
    #[arg(long)]
    quick: bool,
    /// Write the figures there as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Connections, each with one request under way
    #[arg(long, default_value_t = 512)]
    connections: usize,
    /// Visits under way at the same time
    #[arg(long, default_value_t = 30_000)]
    visits: usize,
    /// Also store so many beacons, then measure speed and start again
    #[arg(long, default_value_t = 0)]
    fill: u64,
    /// Use and leave the database of this folder, instead of a new one that is removed
    #[arg(long)]
    place: Option<PathBuf>,
    /// Also send half again as much as a limit allows, for so many seconds, and half again as much as can be
    /// taken, for a tenth of that
    #[arg(long, default_value_t = 0)]
    overload: u64,
}

/// Half again as much as `rate`.
struct Excess {
    rate: f64,
    seconds: u64,
    connections: usize,
    name: &'static str,
}

struct Bench<'a> {
    options: &'a Options,
    figures: Map<String, Value>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir_in(&options.folder).context("no folder for databases")?;
    let place = Place {
        program: options.collector.clone(),
        folder: options
            .place
            .clone()
            .unwrap_or_else(|| folder.path().to_owned()),
    };
    let mut bench = Bench {
        options,
        figures: Map::new(),
    };
    println!(
        "filesystem {}, {} connections, {} visits at once",
        filesystem(folder.path()),
        options.connections,
        options.visits
    );
    let baseline = bench.baseline()?;
    let rate = bench.collector(&place, baseline)?;
    bench.baseline_at(rate * 0.7)?;
    if options.overload > 0 {
        bench.overload()?;
    }
    if options.fill > 0 {
        bench.fill(&place)?;
    }
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&Value::Object(bench.figures))?;
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

impl Bench<'_> {
    fn seconds(&self, quick: u64, long: u64) -> Duration {
        Duration::from_secs(if self.options.quick { quick } else { long })
    }

    fn put(&mut self, name: &str, value: f64) {
        self.figures
            .insert(name.to_owned(), ((value * 1000.0).round() / 1000.0).into());
    }

    fn client(&self, server: &Server, seed: u64) -> Result<Client> {
        let crowd = Crowd::new(self.options.visits, seed)?;
        Client::connect(server.public, self.options.connections, crowd)
    }

    fn baseline(&mut self) -> Result<f64> {
        let server = Server::baseline()?;
        let mut client = self.client(&server, 1)?;
        client.run(Pace::Saturating, self.seconds(1, 3), |_| {})?;
        let run = measured("bare handler, all it takes", &server, || {
            client.run(Pace::Saturating, self.seconds(6, 20), |_| {})
        })?;
        drop(client);
        server.stop()?;
        self.put("baseline_per_s", run.per_second());
        Ok(run.per_second())
    }

    /// What the machine itself makes of the pace at which the collector's latency was taken: on a shared
    /// one, most of the tail.
    fn baseline_at(&mut self, per_second: f64) -> Result<()> {
        let server = Server::baseline()?;
        let mut client = self.client(&server, 1)?;
        let mut run = measured("bare handler, at that pace", &server, || {
            client.run(Pace::PerSecond(per_second), self.seconds(6, 30), |_| {})
        })?;
        let p99 = percentile_ms(&mut run.latencies_micros, 990);
        self.put("baseline_p99_ms_at_that", p99);
        drop(client);
        server.stop()
    }

    fn collector(&mut self, place: &Place, baseline: f64) -> Result<f64> {
        let server = Server::collector(place)?;
        println!(
            "collector ready after {:.2} s",
            server.ready_after.as_secs_f64()
        );
        // Other views than those of an earlier run on the same database.
        let seed = server.seed();
        let mut client = self.client(&server, seed)?;
        client.run(Pace::Saturating, self.seconds(2, 5), |_| {})?;
        let commits = server.metric("sightline_collector_store_commits_total")?;
        let flushes = device_flushes(&place.folder);
        let run = measured("collector, all it takes", &server, || {
            client.run(Pace::Saturating, self.seconds(9, 60), |_| {})
        })?;
        let rate = run.per_second();
        let commits = server.metric("sightline_collector_store_commits_total")? - commits;
        let flushes = device_flushes(&place.folder) - flushes;
        println!(
            "  ratio {:.3} of the bare handler; {:.0} commits, {:.1} beacons and {:.2} device flushes each (other programs' included)",
            rate / baseline,
            commits,
            run.taken as f64 / commits,
            flushes / commits,
        );
        let mut steady = measured("collector, 70% of that", &server, || {
            client.run(Pace::PerSecond(rate * 0.7), self.seconds(9, 60), |_| {})
        })?;
        let p99 = percentile_ms(&mut steady.latencies_micros, 990);
        self.put("beacons_per_s", rate);
        self.put("ratio", rate / baseline);
        self.put("ack_p99_ms_at_70", p99);
        self.put("commits", commits);
        let stored = server.metric("sightline_collector_beacons_accepted_total")?;
        let (_, peak) = server.resident_mb();
        self.put("rss_mb", peak);
        drop(client);
        server.stop()?;
        let disk = place.disk_bytes() as f64 / stored;
        let wire = run.body_bytes as f64 / (run.taken + run.refused).max(1) as f64;
        self.put("disk_bytes_per_beacon", disk);
        self.put("wire_bytes_per_beacon", wire);
        println!(
            "  {stored:.0} beacons stored: {disk:.0} bytes each on disk, {wire:.0} on the wire, {:.2} times; peak {peak:.0} MB resident",
            disk / wire
        );
        Ok(rate)
    }

    /// More than can be taken, on more connections than the writer's queue has places: the rest must be
    /// refused, and at once. The collector has half of the processors and the generator the other half, as
    /// if on two machines: else half again as many requests would take from the collector what it is to
    /// answer them with.
    fn overload(&mut self) -> Result<()> {
        let folder = tempfile::tempdir_in(&self.options.folder)?;
        let place = Place {
            program: self.options.collector.clone(),
            folder: folder.path().to_owned(),
        };
        let apart = Apart::new()?;
        let server = apart.start(|| Server::collector(&place))?;
        let mut client = self.client(&server, server.seed())?;
        client.run(Pace::Saturating, self.seconds(2, 5), |_| {})?;
        let run = measured(
            "collector with half of the processors, all it takes",
            &server,
            || client.run(Pace::Saturating, self.seconds(9, 30), |_| {}),
        )?;
        let rate = run.per_second();
        drop(client);
        let most = Excess {
            rate,
            seconds: (self.options.overload / 10).max(20),
            connections: OVERLOAD_CONNECTIONS,
            name: "150",
        };
        self.excess(&server, most)?;
        server.stop()?;
        // The same with a limit that leaves the processors room to refuse; on a database of its own, because
        // after a start the detectors hear the last day again.
        let folder = tempfile::tempdir_in(&self.options.folder)?;
        let place = Place {
            program: self.options.collector.clone(),
            folder: folder.path().to_owned(),
        };
        let limit = (rate * LIMITED_TO).round() as u64;
        let settings = [
            ("SIGHTLINE_INGEST__BEACONS_PER_SECOND", limit),
            ("SIGHTLINE_INGEST__BURST", limit / 10),
            ("SIGHTLINE_INGEST__CLIENT_BEACONS_PER_SECOND", limit),
            ("SIGHTLINE_INGEST__CLIENT_BURST", limit / 10),
        ];
        let server = apart.start(|| Server::collector_with(&place, &settings))?;
        println!("a limit of {limit}/s configured");
        let allowed = Excess {
            rate: limit as f64,
            seconds: self.options.overload,
            connections: self.options.connections,
            name: "150_of_limit",
        };
        self.excess(&server, allowed)?;
        server.stop()
    }

    /// Half again as much as a rate: what is taken of it, and how soon the rest hears that it is not.
    fn excess(&mut self, server: &Server, of: Excess) -> Result<()> {
        let Excess { rate, name, .. } = of;
        let crowd = Crowd::new(self.options.visits, server.seed() + (1 << 31))?;
        let mut client = Client::connect(server.public, of.connections, crowd)?;
        let pace = Pace::PerSecond(rate * 1.5);
        // Until everything that is bounded has come to its bound.
        client.run(pace, Duration::from_secs(of.seconds / 5), |_| {})?;
        let length = Duration::from_secs(of.seconds);
        let watch = server.watch_memory();
        let mut run = measured("collector, 150% of that", server, || {
            client.run(pace, length, |_| {})
        })?;
        let (least, most) = watch.ended();
        let [median, p99] = [500, 990].map(|at| percentile_ms(&mut run.refusals_micros, at));
        println!(
            "  {:.0}% of it still taken; {} refused, after p50 {median:.1} p99 {p99:.1} ms; {least:.0} to {most:.0} MB resident, ±{:.1}%",
            run.per_second() / rate * 100.0,
            run.refused,
            (most - least) / (most + least) * 100.0,
        );
        self.put(&format!("goodput_at_{name}"), run.per_second() / rate);
        self.put(&format!("refusal_p50_ms_at_{name}"), median);
        self.put(&format!("refusal_p99_ms_at_{name}"), p99);
        self.put(&format!("rss_mb_least_at_{name}"), least);
        self.put(&format!("rss_mb_most_at_{name}"), most);
        Ok(())
    }

    /// All that a collector takes on the database of a place.
    fn speed(&self, what: &str, place: &Place) -> Result<f64> {
        let server = Server::collector(place)?;
        // Others than any before, also on the full one.
        let seed = server.seed();
        let mut client = self.client(&server, seed)?;
        // After a start the detectors hear the newest beacons again, for some seconds.
        client.run(Pace::Saturating, self.seconds(20, 20), |_| {})?;
        let run = measured(what, &server, || {
            client.run(Pace::Saturating, self.seconds(9, 30), |_| {})
        })?;
        drop(client);
        server.stop()?;
        Ok(run.per_second())
    }

    /// Full of beacons: as fast as before, and soon there again?
    fn fill(&mut self, place: &Place) -> Result<()> {
        let server = Server::collector(place)?;
        let mut client = self.client(&server, server.seed())?;
        let mut stored = 0;
        while stored < self.options.fill {
            let run = measured(&format!("filling, {stored} so far"), &server, || {
                client.run(Pace::Saturating, Duration::from_secs(30), |_| {})
            })?;
            stored += run.taken;
        }
        drop(client);
        server.stop()?;
        // In turn, since a shared machine is never as fast twice.
        let (mut fresh, mut full) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let folder = tempfile::tempdir_in(&self.options.folder)?;
            let empty = Place {
                program: place.program.clone(),
                folder: folder.path().to_owned(),
            };
            fresh.push(self.speed("collector, empty", &empty)?);
            full.push(self.speed("collector, full", place)?);
        }
        let ratio = median(full) / median(fresh);
        let again = Server::collector(place)?;
        println!(
            "  with {stored} beacons stored: {:.1}% of the speed, ready after {:.2} s; {:.0} MB on disk",
            ratio * 100.0,
            again.ready_after.as_secs_f64(),
            place.disk_bytes() as f64 / 1e6,
        );
        self.put("full_beacons", stored as f64);
        self.put("full_ratio", ratio);
        self.put("full_restart_s", again.ready_after.as_secs_f64());
        again.stop()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Runs, and says what it cost whom.
fn measured(what: &str, server: &Server, run: impl FnOnce() -> Result<Run>) -> Result<Run> {
    let (cpu, own) = (server.cpu_seconds(), own_cpu_seconds());
    let written = server.written_bytes();
    let mut run = run()?;
    let (cpu, own) = (server.cpu_seconds() - cpu, own_cpu_seconds() - own);
    let written = server.written_bytes() - written;
    let all = (run.taken + run.refused + run.strange).max(1) as f64;
    println!(
        "{what}: {:.0}/s over {:.1} s",
        run.per_second(),
        run.elapsed.as_secs_f64()
    );
    let [p50, p99, p999] = [500, 990, 999].map(|at| percentile_ms(&mut run.latencies_micros, at));
    println!(
        "  answered after p50 {p50:.1} p99 {p99:.1} p99.9 {p999:.1} ms; processor {:.1} µs a beacon, the generator's own {:.1} µs; {:.0} bytes written a beacon; {} refused, {} strange, {} waiting at most",
        cpu * 1e6 / all,
        own * 1e6 / all,
        written / all,
        run.refused,
        run.strange,
        run.backlog,
    );
    Ok(run)
}

/// The type of the filesystem a folder is on.
fn filesystem(folder: &Path) -> String {
    mount(folder).map_or_else(|| "unknown".to_owned(), |(_, kind)| kind)
}

/// Device and type of the longest mount point above a folder.
fn mount(folder: &Path) -> Option<(String, String)> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let above = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder
            .starts_with(point)
            .then(|| (point.len(), device.to_owned(), kind.to_owned()))
    });
    above.max().map(|(_, device, kind)| (device, kind))
}

/// Flushes that the device under a folder has completed.
fn device_flushes(folder: &Path) -> f64 {
    let device = mount(folder).map(|(device, _)| device).unwrap_or_default();
    let name = device.trim_start_matches("/dev/");
    let text = fs::read_to_string(format!("/sys/class/block/{name}/stat")).unwrap_or_default();
    // https://docs.kernel.org/block/stat.html: the 16th field counts flush requests.
    text.split_whitespace()
        .nth(15)
        .and_then(|field| field.parse().ok())
        .unwrap_or(0.0)
}
