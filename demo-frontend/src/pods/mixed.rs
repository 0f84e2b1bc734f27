//! Which document loads got document and scripts from more than one pod. Computed from the access log: a
//! visit's load is its document and the scripts it asks for until its next document. Stylesheets, pictures
//! and the probe's own files come from anywhere and change nothing for the page.

use std::collections::HashMap;

use serde::Serialize;

use super::AccessEntry;
use crate::log::Log;

/// Loads of tagged visits, and how many of them touched several pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MixedLoads {
    pub loads: u64,
    pub mixed: u64,
    /// `mixed / loads`; null without loads.
    pub share: Option<f64>,
    /// Documents asked for by browsers whose user agent names no visit; in neither figure.
    pub untagged_documents: u64,
}

#[derive(Default)]
struct Tally {
    counted: MixedLoads,
    open: HashMap<String, OpenLoad>,
}

struct OpenLoad {
    first_pod: String,
    mixed: bool,
}

pub(crate) fn mixed_loads(access: &Log<AccessEntry>) -> MixedLoads {
    let mut counted = access.fold(Tally::default(), Tally::take).counted;
    counted.share = (counted.loads > 0).then(|| counted.mixed as f64 / counted.loads as f64);
    counted
}

impl Tally {
    fn take(mut self, entry: &AccessEntry) -> Self {
        let Some(visit) = entry.visit() else {
            self.counted.untagged_documents += u64::from(entry.document);
            return self;
        };
        if entry.document {
            self.counted.loads += 1;
            let load = OpenLoad {
                first_pod: entry.pod.clone(),
                mixed: false,
            };
            self.open.insert(visit.to_owned(), load);
        } else if is_script_of_the_page(&entry.path)
            && let Some(load) = self.open.get_mut(visit)
            && !load.mixed
            && load.first_pod != entry.pod
        {
            load.mixed = true;
            self.counted.mixed += 1;
        }
        self
    }
}

fn is_script_of_the_page(path: &str) -> bool {
    path.ends_with(".js") && !path.starts_with("/sightline/")
}

#[cfg(test)]
mod tests {
    use super::{MixedLoads, mixed_loads};
    use crate::log::Log;
    use crate::pods::AccessEntry;

    fn log(requests: &[(&str, &str, bool)]) -> Log<AccessEntry> {
        log_of(requests, "/assets/index.js")
    }

    fn log_of(requests: &[(&str, &str, bool)], file: &str) -> Log<AccessEntry> {
        let log = Log::new();
        for (user_agent, pod, document) in requests {
            log.push(AccessEntry {
                at_ms: 0,
                pod: (*pod).to_owned(),
                release: "1".to_owned(),
                method: "GET".to_owned(),
                path: if *document { "/" } else { file }.to_owned(),
                status: 200,
                user_agent: Some((*user_agent).to_owned()),
                referer: None,
                document: *document,
            });
        }
        log
    }

    #[test]
    fn a_load_is_mixed_once_however_many_of_its_files_come_from_another_pod() {
        let log = log(&[
            ("Chrome visit/a", "one", true),
            ("Chrome visit/b", "one", true),
            ("Chrome visit/a", "two", false),
            ("Chrome visit/a", "two", false),
            ("Chrome visit/b", "one", false),
        ]);
        let expected = MixedLoads {
            loads: 2,
            mixed: 1,
            share: Some(0.5),
            untagged_documents: 0,
        };
        assert_eq!(mixed_loads(&log), expected);
    }

    #[test]
    fn files_that_are_no_scripts_of_the_page_mix_nothing() {
        let requests = [
            ("Chrome visit/a", "one", true),
            ("Chrome visit/a", "two", false),
        ];
        assert_eq!(mixed_loads(&log_of(&requests, "/assets/index.js")).mixed, 1);
        for file in ["/assets/index.css", "/favicon.ico", "/sightline/core.js"] {
            assert_eq!(mixed_loads(&log_of(&requests, file)).mixed, 0, "{file}");
        }
    }

    #[test]
    fn a_visits_next_document_starts_a_new_load() {
        let log = log(&[
            ("visit/x visit/a", "one", true),
            ("visit/x visit/a", "two", true),
        ]);
        assert_eq!(mixed_loads(&log).loads, 2);
        assert_eq!(mixed_loads(&log).mixed, 0);
    }

    #[test]
    fn browsers_that_name_no_visit_are_counted_apart() {
        let log = log(&[("Chrome", "one", true), ("Chrome", "two", false)]);
        assert_eq!(
            mixed_loads(&log),
            MixedLoads {
                untagged_documents: 1,
                ..MixedLoads::default()
            }
        );
    }
}
