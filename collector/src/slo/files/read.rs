//! All files together: documents are sorted by kind, read in the order in which they refer to one
//! another, and become one set, or one list of problems.

use super::alerting::{Alerting, condition, condition_metadata, policy, target};
use super::fields::Fields;
use super::maintenance::maintenance;
use super::metadata::{Metadata, metadata};
use super::node::{Node, documents};
use super::problem::{Problem, Problems};
use super::sli::{Metric, metric};
use super::slo::{Refer, objectives};
use super::sloth;
use super::source::{DataSource, data_source, listed};
use crate::slo::exclusion::Exclusion;
use crate::slo::objective::{Objective, Place};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A file's name and text.
#[derive(Clone, Debug)]
pub struct File {
    /// As shown in problems.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What the configuration has that files may name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Whether anything is known at all: without a configuration every name is taken.
    pub checked: bool,
    /// Applications by name.
    pub apps: BTreeMap<String, KnownApp>,
    /// The targets of scrapes.
    pub targets: BTreeSet<String>,
}

/// An application of the configuration.
#[derive(Clone, Debug, Default)]
pub struct KnownApp {
    /// Names of its journeys.
    pub journeys: Vec<String>,
}

impl Known {
    pub(super) fn takes_app(&self, name: &str) -> bool {
        !self.checked || self.apps.contains_key(name)
    }

    pub(super) fn takes_target(&self, name: &str) -> bool {
        !self.checked || self.targets.contains(name)
    }

    pub(super) fn journeys_of(&self, app: &str) -> Option<&[String]> {
        let app = self.apps.get(app).filter(|_| self.checked)?;
        Some(&app.journeys)
    }
}

/// What a set of files declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectiveSet {
    /// In the order of the files.
    pub objectives: Vec<Objective>,
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// Where alerts go, by name.
    pub targets: BTreeMap<String, String>,
    /// Maintenance that does not count.
    pub exclusions: Vec<Exclusion>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// For people.
    pub title: String,
    /// What it does.
    pub description: String,
}

const OPENSLO: &str = "openslo/v1";
const OWN: &str = "sightline.dev/v1";
const KINDS: [&str; 7] = [
    "DataSource",
    "Service",
    "AlertNotificationTarget",
    "AlertCondition",
    "AlertPolicy",
    "SLI",
    "SLO",
];
const MAINTENANCE: &str = "MaintenanceWindow";

/// Reads a set of files.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read(files: &[File], known: &Known) -> Result<ObjectiveSet, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut parsed = Vec::new();
    for file in files {
        match documents(&file.text) {
            Ok(nodes) => parsed.push((file.name.as_str(), nodes)),
            Err(error) => {
                problems.enter(&file.name, 0, error.line);
                problems.say(
                    error.line,
                    "",
                    format!("this is no YAML: {}", error.what),
                    "mend the line",
                );
            }
        }
    }
    let mut reading = Reading {
        known,
        problems,
        found: ObjectiveSet::default(),
        lines: HashMap::new(),
    };
    let documents = sorted(&parsed, &mut reading.problems);
    reading.read_all(&documents);
    let (found, mut problems) = (reading.found, reading.problems.found);
    if problems.is_empty() {
        return Ok(found);
    }
    problems.sort_by(|left, right| {
        let place = |of: &Problem| (of.file.clone(), of.line, of.field.clone());
        place(left).cmp(&place(right))
    });
    problems.dedup();
    Err(problems)
}

/// A document whose kind is known.
struct Document<'a> {
    kind: &'static str,
    place: Place,
    node: &'a Node,
}

const SLOTH: &str = "sloth";

/// Says of each document what it is.
fn sorted<'a>(files: &'a [(&str, Vec<Node>)], problems: &mut Problems) -> Vec<Document<'a>> {
    let mut found = Vec::new();
    for (file, nodes) in files {
        for (index, node) in nodes.iter().enumerate() {
            problems.enter(file, index + 1, node.line);
            if sloth::is_sloth(node) {
                found.push(Document {
                    kind: SLOTH,
                    place: problems.place().clone(),
                    node,
                });
                continue;
            }
            let fields = Fields::of(node, "", problems);
            let right = "write openslo/v1; for the list of maintenance sightline.dev/v1";
            let version = fields.required("apiVersion", right, problems);
            if let Some((version, line)) = version
                && ![OPENSLO, OWN].contains(&version)
            {
                problems.say(
                    line,
                    "apiVersion",
                    format!("{version:?} is not known here"),
                    right,
                );
                continue;
            }
            let own = version.is_some_and(|(version, _)| version == OWN);
            let kinds = if own { &[MAINTENANCE][..] } else { &KINDS };
            let right = format!("write one of {}", kinds.join(", "));
            let Some((kind, line)) = fields.required("kind", &right, problems) else {
                continue;
            };
            match kinds.iter().find(|known| **known == kind) {
                Some(kind) => found.push(Document {
                    kind,
                    place: problems.place().clone(),
                    node,
                }),
                None => problems.say(line, "kind", format!("{kind:?} is not known here"), &right),
            }
        }
    }
    found
}

struct Reading<'a> {
    known: &'a Known,
    problems: Problems,
    found: ObjectiveSet,
    /// Where each kind and name stands.
    lines: HashMap<(&'static str, String), Place>,
}

impl Reading<'_> {
    fn read_all(&mut self, documents: &[Document<'_>]) {
        let of = |kind: &'static str| {
            documents
                .iter()
                .filter(move |document| document.kind == kind)
        };
        let mut sources: HashMap<String, DataSource> = HashMap::new();
        for document in of("DataSource") {
            let read = |_: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                data_source(spec, problems)
            };
            sources.extend(self.document(document, read));
        }
        for document in of("Service") {
            let read = |metadata: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                Some(Service {
                    title: metadata.title.clone(),
                    description: spec.string("description", problems),
                })
            };
            let service = self.document(document, read);
            self.found.services.extend(service);
        }
        let mut alerting = Alerting::default();
        for document in of("AlertNotificationTarget") {
            let read =
                |_: &Metadata, spec: &Fields<'_>, problems: &mut Problems| target(spec, problems);
            let target = self.document(document, read);
            self.found.targets.extend(target.clone());
            alerting.targets.extend(target);
        }
        for document in of("AlertCondition") {
            self.problems.enter(
                &document.place.file,
                document.place.document,
                document.place.line,
            );
            let fields = Fields::of(document.node, "", &mut Problems::default());
            let short_s = condition_metadata(&fields, &mut self.problems);
            let read = |_: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                condition(spec, short_s, problems)
            };
            alerting.conditions.extend(self.document(document, read));
        }
        for document in of("AlertPolicy") {
            let read = |_: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                policy(spec, &alerting, problems)
            };
            let policy = self.document(document, read);
            alerting.policies.extend(policy);
        }
        let mut metrics: HashMap<String, Option<Metric>> = HashMap::new();
        for document in of("SLI") {
            let known = self.known;
            let read = |_: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                Some(metric(spec, &sources, known, problems))
            };
            metrics.extend(self.document(document, read));
        }
        let services: BTreeSet<_> = self.found.services.keys().cloned().collect();
        for document in of("SLO") {
            let refer = Refer {
                known: self.known,
                sources: &sources,
                metrics: &metrics,
                services: &services,
                alerting: &alerting,
            };
            let read = |of: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                Some(objectives(of, spec, &refer, problems))
            };
            let found = self.document(document, read);
            self.found
                .objectives
                .extend(found.into_iter().flat_map(|(_, found)| found));
        }
        for document in of(MAINTENANCE) {
            let read = |of: &Metadata, spec: &Fields<'_>, problems: &mut Problems| {
                maintenance(of, spec, problems)
            };
            let found = self.document(document, read);
            self.found.exclusions.extend(found.map(|(_, found)| found));
        }
        for document in of(SLOTH) {
            self.problems.enter(
                &document.place.file,
                document.place.document,
                document.place.line,
            );
            let found = sloth::objectives(document.node, &mut self.problems);
            self.found.objectives.extend(found);
        }
        self.check_names();
    }

    /// Reads one document, and notes when its name is taken.
    fn document<T>(
        &mut self,
        document: &Document<'_>,
        read: impl FnOnce(&Metadata, &Fields<'_>, &mut Problems) -> Option<T>,
    ) -> Option<(String, T)> {
        let place = &document.place;
        self.problems.enter(&place.file, place.document, place.line);
        let problems = &mut self.problems;
        let fields = Fields::of(document.node, "", problems);
        fields.get("apiVersion");
        fields.get("kind");
        let metadata = metadata(&fields, problems);
        let Some(spec) = fields.get("spec") else {
            problems.say(
                fields.line,
                "spec",
                "it is missing".to_owned(),
                "say what this is about",
            );
            return None;
        };
        fields.finish(problems);
        let spec = Fields::of(spec, "spec", problems);
        let found = read(&metadata, &spec, problems);
        spec.finish(problems);
        let name = metadata.name.clone();
        if name.is_empty() {
            return None;
        }
        let key = (document.kind, name.clone());
        if let Some(other) = self.lines.insert(key, place.clone()) {
            let what = format!("there is another {} {name:?}", document.kind);
            let right = format!(
                "give one of them another name; the other stands in {}:{}",
                other.file, other.line
            );
            self.problems
                .say(metadata.line, "metadata.name", what, &right);
        }
        found.map(|found| (name, found))
    }

    /// Names across documents: objectives are unique, twins and maintenance name some that exist.
    fn check_names(&mut self) {
        let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
        let problems = &mut self.problems;
        let objectives = &self.found.objectives;
        for objective in objectives {
            if let Some(other) = seen.insert(&objective.name, &objective.place) {
                let what = format!("there is another objective {:?}", objective.name);
                let right = format!(
                    "give one of them another name; the other stands in {}:{}",
                    other.file, other.line
                );
                let place = &objective.place;
                problems.say_of(place, place.line, "metadata.name", what, &right);
            }
        }
        let right = listed("one of the objectives", seen.keys());
        for objective in objectives {
            if let Some(twin) = &objective.twin
                && !seen.contains_key(twin.objective.as_str())
            {
                let what = format!("there is no objective {:?}", twin.objective);
                let place = &objective.place;
                let field = "metadata.annotations.sightline.dev/twin";
                problems.say_of(place, place.line, field, what, &right);
            }
        }
        for exclusion in &self.found.exclusions {
            let key = (MAINTENANCE, exclusion.name.clone());
            let place = self.lines.get(&key).cloned().unwrap_or_default();
            for name in &exclusion.objectives {
                if !seen.contains_key(name.as_str()) {
                    let what = format!("there is no objective {name:?}");
                    problems.say_of(&place, place.line, "spec.objectives", what, &right);
                }
            }
        }
    }
}
