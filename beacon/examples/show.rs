//! Prints a beacon as JSON: `cargo run -p beacon --example show --features json < beacon.bin`.

use std::io::Read;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let decoded = beacon::decode(&bytes)?;
    println!("{}", serde_json::to_string(&decoded.head)?);
    for event in decoded.events {
        match event {
            Ok(event) => println!("  {}", serde_json::to_string(&event)?),
            Err(fault) => println!("  unreadable: {fault:?}"),
        }
    }
    Ok(())
}
