//! The members by which the probe's own files know each other and what they hold, shortened in all of them
//! alike: terser shortens variables only, and these are a fiftieth of what is left. Listed, not guessed: a
//! name that a browser, a configuration, an event or the package's callers know must stay as it is.

use anyhow::{Result, bail};
use serde_json::Value;
use std::fs;
use std::path::Path;

const MEMBERS: [&str; 33] = [
    "answers",
    "bases",
    "bytesOf",
    "causes",
    "endedAt",
    "expected",
    "fact",
    "fields",
    "fits",
    "fitting",
    "guarded",
    "handOver",
    "headersAt",
    "hiddenAt",
    "hold",
    "journeyNamed",
    "later",
    "lent",
    "lifecycle",
    "mutatedAt",
    "mutations",
    "pass",
    "problem",
    "reported",
    "since",
    "streamed",
    "takeBack",
    "tap",
    "teller",
    "tick",
    "timed",
    "told",
    "words",
];

/// For terser's `--mangle-props`; with one name cache for all files they agree on the short names.
pub(super) fn terser_option() -> String {
    format!("keep_quoted=true,regex=/^({})$/", MEMBERS.join("|"))
}

/// Takes all else out of terser's name cache: it would give a global of the browser the short name that a variable
/// of another file has.
pub(super) fn only_members(cache: &Path) -> Result<()> {
    let mut names: Value = serde_json::from_str(&fs::read_to_string(cache)?)?;
    if let Some(names) = names.as_object_mut() {
        names.retain(|kind, _| kind == "props");
    }
    fs::write(cache, serde_json::to_string(&names)?)?;
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
    for member in MEMBERS {
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
    for member in MEMBERS {
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

    #[test]
    fn no_member_is_a_field_of_the_hooks_own_word() {
        let wire = include_str!("../../../beacon/src/wire/early.rs");
        for member in MEMBERS {
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
