//! Every setting with what it does, read from the comments of `mod.rs`, where alone they stand: for
//! `--help`, for the names of the environment, and for the test that holds README to them.

/// The tables that stand in the file once; those that repeat cannot be given by the environment.
const SECTIONS: [(&str, &str); 5] = [
    ("Config", ""),
    ("ListenConfig", "listen."),
    ("StoreConfig", "store."),
    ("IngestConfig", "ingest."),
    ("ObjectivesConfig", "objectives."),
];
const REPEATED: [(&str, &str); 9] = [
    ("TlsConfig", "listen.public_tls."),
    ("ScrapeConfig", "scrape[]."),
    ("AppConfig", "apps[]."),
    ("JourneyConfig", "apps[].journeys[]."),
    ("TwinConfig", "apps[].journeys[].server."),
    ("LatencyConfig", "apps[].journeys[].server.latency."),
    ("FactorConfig", "apps[].journeys[].server.factors[]."),
    ("DocumentsConfig", "apps[].documents."),
    ("BlindSpotConfig", "apps[].blind_spot."),
];

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Such as `store.path`.
    pub name: String,
    /// What it does, with its default.
    pub text: String,
    pub(super) kind: Kind,
}

/// How a setting is written in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// With commas between.
    Texts,
    /// Not at all.
    Table,
}

impl Setting {
    /// Its name in the environment, where it has one.
    pub fn variable(&self) -> Option<String> {
        (self.kind != Kind::Table).then(|| {
            let name = self.name.to_ascii_uppercase().replace('.', "__");
            format!("SIGHTLINE_{name}")
        })
    }
}

/// Every setting, in the order of the source.
pub fn settings() -> Vec<Setting> {
    let mut found = Vec::new();
    let (mut section, mut text) = (None, Vec::new());
    for line in include_str!("mod.rs").lines() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("/// ") {
            text.push(comment);
            continue;
        }
        if let Some(name) = line.strip_prefix("pub struct ") {
            let name = name.trim_end_matches(" {");
            section = SECTIONS
                .iter()
                .map(|(known, place)| (known, place, false))
                .chain(REPEATED.iter().map(|(known, place)| (known, place, true)))
                .find(|(known, ..)| **known == name);
        }
        if let (Some((_, place, repeated)), Some(field)) = (section, line.strip_prefix("pub "))
            && let Some((name, of)) = field.split_once(": ")
        {
            found.push(Setting {
                name: format!("{place}{name}"),
                text: text.join(" "),
                kind: if repeated {
                    Kind::Table
                } else {
                    kind_of(of.trim_end_matches(','))
                },
            });
        }
        // Attributes stand between a comment and its field.
        if !line.starts_with("#[") {
            text.clear();
        }
    }
    // The sections themselves are told by their fields.
    found.retain(|setting| !["listen", "store", "ingest"].contains(&setting.name.as_str()));
    found
}

fn kind_of(of: &str) -> Kind {
    match of
        .trim_start_matches("Option<")
        .trim_end_matches('>')
        .trim_start_matches("Vec<")
    {
        "u32" | "u64" | "usize" => Kind::Number,
        "String" | "Cidr" | "PathBuf" if of.starts_with("Vec<") => Kind::Texts,
        "String" | "Secret" | "PathBuf" | "SocketAddr" => Kind::Text,
        _ => Kind::Table,
    }
}

/// What `--help` says of all settings.
pub fn settings_help() -> String {
    let mut help = String::from(
        "Settings, in the file and (where a variable is named) in the environment, which goes \
         first:\n",
    );
    for setting in settings() {
        help.push_str(&format!("\n  {}", setting.name));
        if let Some(variable) = setting.variable() {
            help.push_str(&format!("  [{variable}]"));
        }
        help.push('\n');
        let mut width = 0;
        for word in setting.text.split(' ') {
            if width + word.len() > 84 || width == 0 {
                help.push_str(if width == 0 { "      " } else { "\n      " });
                width = 0;
            } else {
                help.push(' ');
            }
            help.push_str(word);
            width += word.len() + 1;
        }
        help.push('\n');
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_explained() {
        let settings = settings();
        for name in [
            "listen.public",
            "listen.private_token",
            "store.path",
            "ingest.burst",
            "probe_dir",
            "apps[].keys",
            "apps[].journeys[].server.factors[].good",
        ] {
            assert!(settings.iter().any(|known| known.name == name), "{name}");
        }
        for setting in &settings {
            assert!(setting.text.len() > 5, "{setting:?}");
            assert!(settings_help().contains(&setting.name));
        }
    }

    /// `WRITE_README=1` writes it.
    #[test]
    fn the_readme_has_the_settings_as_the_source_explains_them() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(path).unwrap();
        let (before, rest) = readme.split_once("<!-- settings -->").unwrap();
        let (_, after) = rest.split_once("<!-- /settings -->").unwrap();
        let mut table = String::from("\n| setting | variable | effect |\n|---|---|---|\n");
        for setting in settings() {
            let variable = setting.variable().map(|name| format!("`{name}`"));
            table.push_str(&format!(
                "| `{}` | {} | {} |\n",
                setting.name,
                variable.unwrap_or_default(),
                setting.text
            ));
        }
        let right = format!("{before}<!-- settings -->{table}<!-- /settings -->{after}");
        if std::env::var_os("WRITE_README").is_some() {
            std::fs::write(path, right).unwrap();
        } else {
            assert!(
                readme == right,
                "run WRITE_README=1 cargo test -p collector --lib readme"
            );
        }
    }

    #[test]
    fn a_setting_outside_repeated_tables_has_a_variable() {
        let named = |name: &str| {
            settings()
                .into_iter()
                .find(|known| known.name == name)
                .unwrap()
        };
        assert_eq!(
            named("store.path").variable().as_deref(),
            Some("SIGHTLINE_STORE__PATH")
        );
        assert_eq!(named("store.queue").kind, Kind::Number);
        assert_eq!(named("listen.trusted_proxies").kind, Kind::Texts);
        assert_eq!(named("ingest.client_burst").kind, Kind::Number);
        assert_eq!(named("listen.public_tls").variable(), None);
        assert_eq!(named("apps[].name").variable(), None);
    }
}
