//! The members by which the probe's own files know each other and what they hold, shortened in all of them
//! alike: terser shortens variables only, and these are a fiftieth of what is left. Listed, not guessed: a
//! name that a browser, a configuration, an event or the package's callers know must stay as it is.

use anyhow::{Result, bail};
use serde_json::{Map, json};
use std::fs;
use std::path::Path;

/// Each with its short name, for good: behind a balancer the hook of one build meets the core of another, so a name
/// is never given to another member.
const MEMBERS: [(&str, &str); 33] = [
    ("answers", "A"),
    ("bases", "B"),
    ("bytesOf", "C"),
    ("causes", "D"),
    ("endedAt", "E"),
    ("expected", "F"),
    ("fact", "G"),
    ("fields", "H"),
    ("fits", "I"),
    ("fitting", "J"),
    ("guarded", "K"),
    ("handOver", "L"),
    ("headersAt", "M"),
    ("hiddenAt", "N"),
    ("hold", "O"),
    ("journeyNamed", "P"),
    ("later", "Q"),
    ("lent", "R"),
    ("lifecycle", "S"),
    ("mutatedAt", "T"),
    ("mutations", "U"),
    ("pass", "V"),
    ("problem", "W"),
    ("reported", "X"),
    ("since", "Y"),
    ("streamed", "Z"),
    ("takeBack", "a"),
    ("tap", "b"),
    ("teller", "c"),
    ("tick", "d"),
    ("timed", "e"),
    ("told", "f"),
    ("words", "g"),
];

/// For terser's `--mangle-props`.
pub(super) fn terser_option() -> String {
    let members = MEMBERS.map(|(member, _)| member).join("|");
    format!("keep_quoted=true,regex=/^({members})$/")
}

/// For terser's `--name-cache`, anew for each file: what terser adds to it, the names of variables, would be given to
/// the browser's globals in the next.
pub(super) fn write_names(cache: &Path) -> Result<()> {
    let mut names = Map::new();
    for (member, short) in MEMBERS {
        names.insert(format!("${member}"), short.into());
    }
    let cached = json!({ "props": { "props": names } });
    fs::write(cache, cached.to_string())?;
    Ok(())
}

/// Refuses a file that is shipped as it is and knows one of them; its comments may.
pub(super) fn stay_out_of(file: &str, text: &str) -> Result<()> {
    let is_comment = |line: &&str| {
        ["*", "//", "/*"]
            .iter()
            .any(|mark| line.trim_start().starts_with(mark))
    };
    let text = text
        .lines()
        .filter(|line| !is_comment(line))
        .collect::<Vec<_>>()
        .join("\n");
    for (member, _) in MEMBERS {
        for (at, _) in text.match_indices(member) {
            let before = text[..at].chars().next_back();
            let after = text[at + member.len()..].trim_start_matches('?');
            if before == Some('.') && !after.starts_with(is_part_of_a_name)
                || before.is_none_or(|before| !is_part_of_a_name(before)) && after.starts_with(':')
            {
                bail!("{file} knows the member {member}, which is shortened elsewhere");
            }
        }
    }
    Ok(())
}

/// Refuses a file to be shortened that has one of them in a string: as a name it would not be shortened.
pub(super) fn stay_out_of_strings(file: &str, text: &str) -> Result<()> {
    for (member, _) in MEMBERS {
        for quote in ['\'', '"', '`'] {
            if text.contains(&format!("{quote}{member}{quote}")) {
                bail!("{file} has the member {member}, which is shortened, in a string");
            }
        }
    }
    Ok(())
}

fn is_part_of_a_name(next: char) -> bool {
    next == '_' || next == '$' || next.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_member_has_a_short_name_of_its_own() {
        let shorts: BTreeSet<&str> = MEMBERS.iter().map(|(_, short)| *short).collect();
        assert_eq!(shorts.len(), MEMBERS.len());
        // Members of the same objects that have always been so short.
        assert!(shorts.is_disjoint(&BTreeSet::from(["n", "x", "y"])));
    }

    #[test]
    fn no_member_is_a_field_of_the_hooks_own_word() {
        let wire = include_str!("../../../beacon/src/wire/early.rs");
        for (member, _) in MEMBERS {
            let field = format!("\n    {member}: ");
            assert!(!wire.contains(&field), "{member} has a name on the wire");
        }
        assert!(wire.contains("\n    gpc: "), "fields are written otherwise");
    }

    #[test]
    fn a_shortened_member_in_a_file_shipped_as_it_is_is_an_error() {
        for text in ["hook.tick", "{ tick: 1 }", "tick?: boolean;"] {
            let error = stay_out_of("index.js", text).unwrap_err();
            assert!(error.to_string().contains("member tick"), "{text}: {error}");
        }
        for text in [
            "what the tick says",
            " * The tick: text",
            "hook.ticks",
            "{ theirtick: 1 }",
        ] {
            stay_out_of("index.js", text).unwrap();
        }
    }

    #[test]
    fn a_shortened_member_in_a_string_is_an_error() {
        assert!(stay_out_of_strings("core.js", "hook['tick']").is_err());
        stay_out_of_strings("core.js", "'the tick'").unwrap();
    }
}
