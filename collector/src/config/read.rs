//! From a TOML text and the environment to a [`Config`], section by section; what cannot be read is a
//! problem with its place, and reading goes on.

use super::check::{Read, check};
use super::settings::{Kind, settings};
use super::{Config, ConfigErrors, ListenConfig, Secret};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// What begins the name of a setting in the environment.
const PREFIX: &str = "SIGHTLINE_";

/// A configuration file as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where.
    pub path: PathBuf,
    /// What stood there.
    pub text: String,
}

impl Source {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<Self, ConfigErrors> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigErrors(vec![format!("{}: {error}", path.display())]))?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// Reads what stands there, under the process's environment.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn config(&self) -> Result<Config, ConfigErrors> {
        Config::parse_with(&self.text, std::env::vars())
    }
}

impl Config {
    /// Reads and checks a TOML text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ConfigErrors> {
        Self::parse_with(text, [])
    }

    /// Reads and checks a TOML text under an environment, whose `SIGHTLINE_SECTION__FIELD` take
    /// the place of what the text says.
    ///
    /// # Errors
    /// Everything that is wrong with either.
    pub fn parse_with(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let mut table = text.parse::<toml::Table>().map_err(|error| {
            ConfigErrors(vec![format!("not TOML: {}", error.to_string().trim_end())])
        })?;
        // Section by section, so that a slip in one does not hide the slips in the others.
        let mut problems = Vec::new();
        overlay(&mut table, environment, &mut problems);
        let mut config = Self {
            listen: section(&mut table, "listen", &mut problems),
            store: section(&mut table, "store", &mut problems),
            ingest: section(&mut table, "ingest", &mut problems),
            probe_dir: section::<Option<PathBuf>>(&mut table, "probe_dir", &mut problems)
                .unwrap_or_else(|| PathBuf::from("probe-wasm/pkg")),
            objectives: section(&mut table, "objectives", &mut problems),
            scrape: sections(&mut table, "scrape", &mut problems),
            apps: sections(&mut table, "apps", &mut problems),
        };
        read_token(&mut config.listen, &mut problems);
        problems.extend(table.keys().map(|key| format!("{key}: no such setting")));
        let read = if problems.is_empty() {
            Read::Whole
        } else {
            Read::InPart
        };
        check(&config, read, &mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(problems))
        }
    }
}

fn section<T: DeserializeOwned + Default>(
    table: &mut toml::Table,
    key: &str,
    problems: &mut Vec<String>,
) -> T {
    let Some(value) = table.remove(key) else {
        return T::default();
    };
    value.try_into().unwrap_or_else(|error: toml::de::Error| {
        problems.push(format!("{key}: {}", error.message()));
        T::default()
    })
}

fn sections<T: DeserializeOwned>(
    table: &mut toml::Table,
    key: &str,
    problems: &mut Vec<String>,
) -> Vec<T> {
    match table.remove(key) {
        None => Vec::new(),
        Some(toml::Value::Array(values)) => values
            .into_iter()
            .enumerate()
            .filter_map(|(index, value)| match value.try_into() {
                Ok(item) => Some(item),
                Err(error) => {
                    let error: toml::de::Error = error;
                    problems.push(format!("{key}[{index}]: {}", error.message()));
                    None
                }
            })
            .collect(),
        Some(_) => {
            problems.push(format!(
                "{key}: must be a list of tables, written [[{key}]]"
            ));
            Vec::new()
        }
    }
}

/// Puts `SIGHTLINE_STORE__PATH` in the place of `store.path`. A name with two underscores that is no
/// setting is a slip worth telling; any other name is somebody else's.
fn overlay(
    table: &mut toml::Table,
    environment: impl IntoIterator<Item = (String, String)>,
    problems: &mut Vec<String>,
) {
    for (name, text) in environment {
        let Some(place) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let place = place.to_ascii_lowercase().replace("__", ".");
        let Some(setting) = settings().into_iter().find(|known| known.name == place) else {
            if place.contains('.') {
                problems.push(format!("{name}: there is no setting {place}"));
            }
            continue;
        };
        let value = match setting.kind {
            Kind::Text => Some(toml::Value::String(text)),
            Kind::Number => text.trim().parse().ok().map(toml::Value::Integer),
            Kind::Texts => Some(toml::Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(|part| toml::Value::String(part.to_owned()))
                    .collect(),
            )),
            Kind::Table => None,
        };
        match value {
            Some(value) => place_in(table, &place, value),
            None if setting.kind == Kind::Table => {
                problems.push(format!("{name}: {place} can only be given in the file"));
            }
            None => problems.push(format!("{name}: must be a whole number")),
        }
    }
}

fn place_in(table: &mut toml::Table, place: &str, value: toml::Value) {
    let Some((section, field)) = place.split_once('.') else {
        table.insert(place.to_owned(), value);
        return;
    };
    let section = table
        .entry(section)
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    // What is no table is a problem of its own, told when the section is read.
    if let toml::Value::Table(section) = section {
        section.insert(field.to_owned(), value);
    }
}

fn read_token(listen: &mut ListenConfig, problems: &mut Vec<String>) {
    let Some(path) = &listen.private_token_file else {
        return;
    };
    if listen.private_token.is_some() {
        problems.push(
            "listen: private_token and private_token_file are both given; keep one".to_owned(),
        );
    }
    match std::fs::read_to_string(path) {
        Ok(text) => listen.private_token = Some(Secret::new(text.trim())),
        Err(error) => problems.push(format!("listen.private_token_file: {error}")),
    }
}
