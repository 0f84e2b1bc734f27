//! A collector of a test's own: configured in a folder that is thrown away, on ports of its own, started
//! and stopped as often as the test likes, always on the same database.

use crate::api::Collector;
use crate::process::{Program, binary, free_port, log_file};
use crate::wait::until;
use anyhow::{Context, Result};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The program, running or not.
pub struct CollectorProgram {
    name: String,
    program: tokio::sync::Mutex<Option<Program>>,
    config: Mutex<toml::Table>,
    /// The address of its public listener.
    pub ingest: String,
    /// The address of its private listener.
    pub private: String,
    folder: tempfile::TempDir,
}

impl CollectorProgram {
    /// Prepares one that is not running yet, from a configuration that lacks only its places. `name` says
    /// whose logs are whose.
    ///
    /// # Errors
    /// When no port is free.
    pub fn prepare(name: &str, mut config: toml::Table) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("sightline-stage-")
            .tempdir()?;
        let (public, private) = (free_port()?, free_port()?);
        let listen = table(&mut config, "listen");
        listen.insert("public".to_owned(), format!("127.0.0.1:{public}").into());
        listen.insert("private".to_owned(), format!("127.0.0.1:{private}").into());
        let database = folder.path().join("sightline.db").display().to_string();
        table(&mut config, "store").insert("path".to_owned(), database.into());
        Ok(Self {
            name: name.to_owned(),
            program: tokio::sync::Mutex::default(),
            config: Mutex::new(config),
            ingest: format!("http://127.0.0.1:{public}"),
            private: format!("http://127.0.0.1:{private}"),
            folder,
        })
    }

    /// Changes the configuration of the next start.
    pub fn configure(&self, change: impl FnOnce(&mut toml::Table)) {
        change(&mut self.config.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&self) -> Result<()> {
        let path = binary("sightline-collector", "collector")?;
        let file = self.folder.path().join("collector.toml");
        std::fs::write(&file, self.config_text()?)?;
        let arguments = ["--config".to_owned(), file.display().to_string()];
        let log = log_file(&self.name, "collector")?;
        let program = Program::start(&path, &arguments, log).await?;
        *self.program.lock().await = Some(program);
        Ok(())
    }

    fn config_text(&self) -> Result<String> {
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(toml::to_string(&*config)?)
    }

    /// Stops it in an orderly way, after checking its books.
    ///
    /// # Errors
    /// When it is not running, does not stop, or something received has no verdict or two.
    pub async fn stop(&self) -> Result<()> {
        let program = self.program.lock().await.take();
        let program = program.context("the collector is not running")?;
        self.check_books().await?;
        program.stop().await
    }

    /// Everything received has exactly one verdict, once nothing is under way.
    async fn check_books(&self) -> Result<()> {
        let api = Collector::at(&self.private, "");
        let within = Duration::from_secs(15);
        until("the collector's books to balance", within, async || {
            let metrics = api.metrics().await;
            let metrics = metrics.map_err(|error| format!("{error:#}"))?;
            unbalanced(&metrics).map_or(Ok(()), Err)
        })
        .await
    }

    /// Stops it if it runs, after checking its books.
    ///
    /// # Errors
    /// When it does not stop, or something received has no verdict or two.
    pub async fn strike(&self) -> Result<()> {
        match self.program.lock().await.take() {
            Some(program) => {
                self.check_books().await?;
                program.stop().await
            }
            None => Ok(()),
        }
    }
}

/// What does not add up of what was received, accepted, known already and refused.
fn unbalanced(metrics: &str) -> Option<String> {
    let sum = |side: &str, verdict: &str| -> f64 {
        let name = format!("sightline_collector_{side}_{verdict}_total");
        let samples = metrics.lines().filter_map(|line| {
            let rest = line.strip_prefix(&name)?;
            let value = rest
                .starts_with([' ', '{'])
                .then(|| rest.rsplit(' ').next())?;
            value?.parse::<f64>().ok()
        });
        samples.sum()
    };
    ["beacons", "events"].into_iter().find_map(|side| {
        let [received, accepted, duplicate, rejected] =
            ["received", "accepted", "duplicate", "rejected"].map(|verdict| sum(side, verdict));
        let counted = metrics.contains(&format!("sightline_collector_{side}_received_total"));
        let balances = counted && received == accepted + duplicate + rejected;
        (!balances).then(|| {
            format!("{side}: {received} received, {accepted} accepted, {duplicate} duplicate, {rejected} rejected")
        })
    })
}

fn table<'a>(config: &'a mut toml::Table, name: &str) -> &'a mut toml::Table {
    let entry = config
        .entry(name.to_owned())
        .or_insert_with(|| toml::Table::new().into());
    match entry {
        toml::Value::Table(table) => table,
        // Our own example file has tables there; anything else is replaced and fails at the start.
        other => {
            *other = toml::Table::new().into();
            other.as_table_mut().expect("just made one")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(received: u32) -> String {
        format!(
            "sightline_collector_beacons_received_total {received}\n\
             sightline_collector_beacons_accepted_total 2\n\
             sightline_collector_beacons_rejected_total{{reason=\"malformed\"}} 1\n\
             sightline_collector_events_received_total 0\n"
        )
    }

    #[test]
    fn a_beacon_without_a_verdict_is_noticed() {
        assert_eq!(unbalanced(&books(3)), None);
        assert!(unbalanced(&books(4)).is_some());
        assert!(unbalanced("").is_some(), "no books are no balance");
    }
}
