//! A collector of a test's own: configured in a folder that is thrown away, on ports of its own, started
//! and stopped as often as the test likes, always on the same database.

use crate::process::{Program, binary, free_port, log_file};
use anyhow::{Context, Result};
use std::sync::{Mutex, PoisonError};

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

    /// Stops it in an orderly way.
    ///
    /// # Errors
    /// When it is not running or does not stop.
    pub async fn stop(&self) -> Result<()> {
        let program = self.program.lock().await.take();
        program
            .context("the collector is not running")?
            .stop()
            .await
    }

    /// Stops it if it runs.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn strike(&self) -> Result<()> {
        match self.program.lock().await.take() {
            Some(program) => program.stop().await,
            None => Ok(()),
        }
    }
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
