//! What is said to the demo while it runs, and asked at its end: lines typed switch its scenario.

use anyhow::{Context, Result};
use serde_json::Value;
use std::io::stdin;
use std::thread;

/// Listens until standard input ends.
pub(super) fn listen(admin: String) {
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            match line.trim() {
                "" => {}
                scenario @ ("healthy" | "challenge7") => match switch(&admin, scenario) {
                    Ok(()) => println!("→ scenario {scenario}"),
                    Err(error) => eprintln!("cannot switch to {scenario}: {error}"),
                },
                other => eprintln!("{other:?} is no scenario; there are: healthy, challenge7"),
            }
        }
    });
}

fn switch(admin: &str, scenario: &str) -> Result<()> {
    let url = format!("{admin}/scenario");
    ureq::post(&url)
        .content_type("application/json")
        .send(format!("{{\"scenario\":\"{scenario}\"}}"))?;
    Ok(())
}

/// How many of the visitors' page loads got document and scripts from more than one pod, in words.
pub(super) fn mixed_loads(admin: &str) -> Result<String> {
    let text = ureq::get(&format!("{admin}/mixed"))
        .call()?
        .body_mut()
        .read_to_string()?;
    let counted: Value = serde_json::from_str(&text)?;
    let figure = |key: &str| {
        counted
            .get(key)
            .and_then(Value::as_u64)
            .context("no figure")
    };
    let (loads, mixed) = (figure("loads")?, figure("mixed")?);
    let percent = (mixed * 100).checked_div(loads);
    let share = percent.map_or_else(|| "no loads".to_owned(), |percent| format!("{percent}%"));
    Ok(format!(
        "mixed loads (document and scripts from more than one pod): {mixed} of {loads} ({share})"
    ))
}
