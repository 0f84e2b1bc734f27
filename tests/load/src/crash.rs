//! Kills the collector at random instants under load, starts it again, sends once more what was not
//! acknowledged, and in the end holds the sender's ledger against the database: nothing acknowledged may
//! be lost, nothing counted twice, and the buckets must be what the raw rows add up to.

use crate::client::{Client, Pace};
use crate::server::{Place, Server};
use crate::visits::{BeaconId, Crowd};
use anyhow::{Context, Result, bail};
use clap::Args;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

#[derive(Args)]
pub(crate) struct Options {
    /// The collector's program
    #[arg(long)]
    collector: PathBuf,
    /// Where the database is made; what it leaves is removed
    #[arg(long)]
    folder: PathBuf,
    /// How often to kill it
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Beacons a second
    #[arg(long, default_value_t = 2000.0)]
    rate: f64,
    /// What the random instants and visits are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What the sender knows.
#[derive(Default)]
struct Ledger {
    acknowledged: HashSet<BeaconId>,
    /// Sent and not acknowledged: stored or not, nobody knows.
    open: HashMap<BeaconId, Vec<u8>>,
    resent: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir_in(&options.folder).context("no folder for the database")?;
    let place = Place {
        program: options.collector.clone(),
        folder: folder.path().to_owned(),
    };
    let begun = Instant::now();
    let mut ledger = Ledger::default();
    let mut crowd = Crowd::new(500, options.seed)?;
    let mut draw = options.seed;
    let mut slowest = Duration::ZERO;
    for kill in 1..=options.kills {
        let server = Server::collector(&place)?;
        slowest = slowest.max(server.ready_after);
        draw = draw
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let life = Duration::from_millis(20 + (draw >> 33) % 400);
        let mut client = Client::connect(server.public, 64, crowd)?;
        client.resend(std::mem::take(&mut ledger.open));
        let server = server.dies_after(life);
        client.run_until_cut(
            Pace::PerSecond(options.rate),
            life + Duration::from_secs(10),
            |beacon| {
                ledger.acknowledged.insert(beacon);
            },
        )?;
        server.join()?;
        let (back, open, resent) = client.into_open();
        crowd = back;
        ledger.open = open;
        ledger.resent += resent;
        if kill % 20 == 0 {
            println!(
                "{kill} kills: {} acknowledged, {} open, {} sent again",
                ledger.acknowledged.len(),
                ledger.open.len(),
                ledger.resent
            );
        }
    }
    let server = Server::collector(&place)?;
    let mut client = Client::connect(server.public, 64, crowd)?;
    client.resend(std::mem::take(&mut ledger.open));
    client.run(
        Pace::PerSecond(options.rate),
        Duration::from_secs(1),
        |beacon| {
            ledger.acknowledged.insert(beacon);
        },
    )?;
    let (_, open, resent) = client.into_open();
    if !open.is_empty() {
        bail!(
            "{} beacons were never acknowledged by a healthy collector",
            open.len()
        );
    }
    server.stop()?;
    ledger.resent += resent;
    println!(
        "{} kills in {:.0} s, ready again after {:.2} s at most",
        options.kills,
        begun.elapsed().as_secs_f64(),
        slowest.as_secs_f64()
    );
    compare(&place, &ledger)
}

fn compare(place: &Place, ledger: &Ledger) -> Result<()> {
    let stored = stored(place)?;
    let distinct: HashSet<BeaconId> = stored.iter().copied().collect();
    let lost = ledger.acknowledged.difference(&distinct).count();
    let strange = distinct.difference(&ledger.acknowledged).count();
    let twice = stored.len() - distinct.len();
    let output = Command::new(&place.program)
        .arg("recount")
        .arg(place.database())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let recount: Value = serde_json::from_str(&text)
        .with_context(|| format!("recount: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let differing = recount["disagreements"]
        .as_array()
        .map_or(usize::MAX, Vec::len);
    println!(
        "{} acknowledged, {} sent again; {} rows: {lost} lost, {twice} twice, {strange} that nobody sent, {differing} buckets that differ from a recount",
        ledger.acknowledged.len(),
        ledger.resent,
        stored.len(),
    );
    if lost + twice + strange + differing > 0 {
        bail!("the database does not hold what was acknowledged: {recount}");
    }
    Ok(())
}

/// Every raw row of the database, by what identifies it: the view stands behind the version byte.
fn stored(place: &Place) -> Result<Vec<BeaconId>> {
    let database = Connection::open_with_flags(place.database(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = database.prepare("SELECT substr(body, 2, 16), seq FROM beacons")?;
    let rows = statement.query_map([], |row| {
        Ok(BeaconId {
            view: row.get(0)?,
            seq: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
