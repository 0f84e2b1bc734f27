//! The names by which glue and wasm know each other, shortened on both sides: they are long, end in
//! hashes that do not compress, and stand in both files.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// `mapping` is what wasm-opt's `--minify-imports-and-exports-and-modules` prints; `glue` is the
/// JavaScript that knows the old names. Every import must be found in it.
pub(super) fn shorten(glue: &str, mapping: &str) -> Result<String> {
    let mapping: Value = serde_json::from_str(mapping).context("wasm-opt's list of new names")?;
    let mut glue = glue.to_owned();
    let mut modules = Vec::new();
    for import in list(&mapping, "imports") {
        let [module, old, new] = texts(import)?;
        if !modules.contains(&module) {
            modules.push(module);
        }
        replace(&mut glue, &format!("{old}:"), &format!("{new:?}:"))?;
    }
    for export in list(&mapping, "exports") {
        let [old, new] = texts(export)?;
        glue = replace_member(&glue, old, new);
    }
    for module in modules {
        // wasm-opt calls the one module of imports `a`.
        replace(&mut glue, &format!("{module:?}:"), "\"a\":")?;
    }
    Ok(glue)
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

fn replace(glue: &mut String, old: &str, new: &str) -> Result<()> {
    if !glue.contains(old) {
        bail!("the glue does not know {old}");
    }
    *glue = glue.replace(old, new);
    Ok(())
}

/// `wasm.old` becomes `wasm["new"]`; a longer name that begins alike stays. An export the glue does
/// not use is the toolchain's and nobody's loss.
fn replace_member(glue: &str, old: &str, new: &str) -> String {
    let member = format!("wasm.{old}");
    let mut parts = glue.split(member.as_str());
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

    const MAPPING: &str =
        r#"{"imports": [["./glue_bg.js", "__wbg_now_12", "A"]], "exports": [["run", "a"]]}"#;

    #[test]
    fn both_sides_get_the_same_short_names() {
        let glue =
            "x = {\"./glue_bg.js\": {__wbg_now_12: function() {}}}; wasm.run(); wasm.runner();";
        let short = shorten(glue, MAPPING).unwrap();
        assert_eq!(
            short,
            "x = {\"a\": {\"A\": function() {}}}; wasm[\"a\"](); wasm.runner();"
        );
    }

    #[test]
    fn an_import_the_glue_does_not_know_is_an_error() {
        let glue = "x = {\"./glue_bg.js\": {}}; wasm.run();";
        let error = shorten(glue, MAPPING).unwrap_err().to_string();
        assert!(error.contains("__wbg_now_12"), "{error}");
    }
}
