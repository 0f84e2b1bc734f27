//! Lines typed while the demo runs switch its scenario.

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

fn switch(admin: &str, scenario: &str) -> Result<(), ureq::Error> {
    let url = format!("{admin}/scenario");
    ureq::post(&url)
        .content_type("application/json")
        .send(format!("{{\"scenario\":\"{scenario}\"}}"))?;
    Ok(())
}
