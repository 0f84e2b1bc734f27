//! Objectives written for other systems, to files or to the screen.

use crate::slo::files::ObjectiveSet;
use crate::slo::generate::{Naming, gcp, openslo, prometheus, promtool_tests};
use anyhow::Context;
use clap::ValueEnum;
use serde_json::{Map, Value};
use std::path::Path;

/// The other systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Recording and alerting rules, with unit tests for promtool
    Prometheus,
    /// Bodies of Google Cloud Monitoring's serviceLevelObjectives
    Gcp,
    /// OpenSLO v1
    Openslo,
}

pub(super) fn generate(
    set: &ObjectiveSet,
    format: Format,
    out: Option<&Path>,
    sloth_names: bool,
) -> anyhow::Result<()> {
    let naming = if sloth_names {
        Naming::Sloth
    } else {
        Naming::Own
    };
    let mut files = Vec::new();
    match format {
        Format::Prometheus => {
            for objective in &set.objectives {
                let alone = std::slice::from_ref(objective);
                let rules = format!("{}.rules.yaml", objective.name);
                let tests = promtool_tests(alone, naming, &rules);
                files.push((rules, prometheus(alone, naming)));
                files.push((format!("{}.tests.yaml", objective.name), tests));
            }
        }
        Format::Gcp => {
            for objective in &set.objectives {
                match gcp(objective) {
                    Ok(body) => {
                        files.push((format!("{}.json", objective.name), format!("{body:#}\n")));
                    }
                    Err(why) => eprintln!("{}: left out: {why}", objective.name),
                }
            }
        }
        Format::Openslo => files.push(("objectives.yaml".to_owned(), openslo(set))),
    }
    let Some(folder) = out else {
        print!("{}", on_screen(set, format, naming));
        return Ok(());
    };
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    println!("{} files in {}", files.len(), folder.display());
    Ok(())
}

fn on_screen(set: &ObjectiveSet, format: Format, naming: Naming) -> String {
    match format {
        Format::Prometheus => prometheus(&set.objectives, naming),
        Format::Openslo => openslo(set),
        Format::Gcp => {
            let bodies = set.objectives.iter();
            let bodies: Map<String, Value> = bodies
                .filter_map(|objective| Some((objective.name.clone(), gcp(objective).ok()?)))
                .collect();
            format!("{:#}\n", Value::Object(bodies))
        }
    }
}
