//! The names by which the shell and the core know each other, shortened on both sides: they stand in
//! both files, and a name that says what a door is for does not compress.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// `mapping` is what wasm-opt's `--minify-imports-and-exports-and-modules` prints; `shell` is the
/// JavaScript that knows the old names as members of `wasm`. A core that asks for imports is refused:
/// nothing may call back while a door is at work.
pub(super) fn shorten(shell: &str, mapping: &str) -> Result<String> {
    let mapping: Value = serde_json::from_str(mapping).context("wasm-opt's list of new names")?;
    if let Some(import) = list(&mapping, "imports").first() {
        bail!("the core imports {import}");
    }
    let mut shell = shell.to_owned();
    for export in list(&mapping, "exports") {
        let [old, new] = texts(export)?;
        shell = replace_member(&shell, old, new);
    }
    // The file of that name stands in comments.
    let mut left = shell.match_indices("wasm.");
    if let Some((at, _)) = left.find(|(at, _)| !shell[..*at].ends_with('/')) {
        let name: String = shell[at + 5..]
            .chars()
            .take_while(|next| next.is_alphanumeric() || *next == '_')
            .collect();
        bail!("the core has no door {name}");
    }
    Ok(shell)
}

/// The names a module exports: <https://webassembly.github.io/spec/core/binary/modules.html#export-section>.
pub(super) fn exports(module: &[u8]) -> Result<Vec<String>> {
    let mut rest = module.get(8..).context("no wasm")?;
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (mut section, after) = after.split_at_checked(size).context("a cut section")?;
        rest = after;
        if *id != 7 {
            continue;
        }
        let mut names = Vec::new();
        let (count, after) = number(section)?;
        section = after;
        for _ in 0..count {
            let (length, after) = number(section)?;
            let (name, after) = after.split_at_checked(length).context("a cut name")?;
            names.push(String::from_utf8(name.to_vec())?);
            // Its kind, then its index.
            section = number(after.get(1..).context("a cut export")?)?.1;
        }
        return Ok(names);
    }
    Ok(Vec::new())
}

/// A LEB128 number and what follows it.
fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut number = 0;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 127) << (7 * position);
        if byte & 128 == 0 {
            return Ok((number, bytes.get(position + 1..).unwrap_or_default()));
        }
    }
    bail!("a number without an end")
}

fn list<'a>(mapping: &'a Value, key: &str) -> &'a [Value] {
    mapping
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn texts<const N: usize>(names: &Value) -> Result<[&str; N]> {
    let texts: Option<Vec<&str>> = names
        .as_array()
        .and_then(|names| names.iter().map(Value::as_str).collect());
    match texts.map(TryInto::try_into) {
        Some(Ok(texts)) => Ok(texts),
        Some(Err(_)) | None => bail!("{names} is no renaming"),
    }
}

/// `wasm.old` becomes `wasm["new"]`; a longer name that begins alike stays.
fn replace_member(shell: &str, old: &str, new: &str) -> String {
    let member = format!("wasm.{old}");
    let mut parts = shell.split(member.as_str());
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let longer = part.starts_with(|next: char| next == '_' || next.is_ascii_alphanumeric());
        replaced.push_str(&if longer {
            member.clone()
        } else {
            format!("wasm[{new:?}]")
        });
        replaced.push_str(part);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = r#"{"imports": [], "exports": [["run", "a"], ["running", "b"]]}"#;

    #[test]
    fn both_sides_get_the_same_short_names() {
        let short = shorten("wasm.run(); wasm.running(); x = wasm.run;", MAPPING).unwrap();
        assert_eq!(short, "wasm[\"a\"](); wasm[\"b\"](); x = wasm[\"a\"];");
    }

    #[test]
    fn a_door_the_core_does_not_have_is_an_error() {
        let error = shorten("wasm.run(); wasm.walk();", MAPPING).unwrap_err();
        assert!(error.to_string().contains("walk"), "{error}");
    }

    #[test]
    fn a_core_that_asks_for_imports_is_an_error() {
        let mapping = r#"{"imports": [["./glue_bg.js", "now", "a"]], "exports": []}"#;
        let error = shorten("", mapping).unwrap_err();
        assert!(error.to_string().contains("now"), "{error}");
    }

    #[test]
    fn the_exports_of_a_module_are_read() {
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            // A custom section, then two exports: a memory and a function.
            &[0, 2, 1, b'x'],
            &[
                7, 13, 2, 3, b'm', b'e', b'm', 2, 0, 3, b'r', b'u', b'n', 0, 5,
            ],
        ]
        .concat();
        assert_eq!(exports(&module).unwrap(), ["mem", "run"]);
    }
}
