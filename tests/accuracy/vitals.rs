//! The web vitals of every page, told by `web-vitals` into the site's log and by the probe to the
//! collector.

use crate::comparison::{Row, compare};
use crate::visits;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tests::api::now_ms;
use tests::process::workspace;
use tests::site::Page;
use tests::site_stage::SiteStage;
use tests::wait::until;

/// Pages that begin so get their core three seconds late.
const LATE: &str = "/late-core";
/// The last beacons of a page are on their way for a moment.
const SETTLED_WITHIN: Duration = Duration::from_secs(6);

/// A row per vital of each page whose path contains `only`, printed as they come.
pub(crate) async fn compared(stage: &SiteStage, only: &str) -> Result<Vec<Row>> {
    put_up(stage)?;
    let mut rows = Vec::new();
    println!(
        "{:<24}{:<20}{:<28}{:>14}{:>14}",
        "page", "navigation", "vital", "web-vitals", "sightline"
    );
    for path in visits::CASES.into_iter().filter(|path| path.contains(only)) {
        let from_ms = now_ms();
        visits::visit(stage, path)
            .await
            .with_context(|| path.to_owned())?;
        let compared = settled(stage, path, from_ms).await?;
        for row in &compared {
            println!("{row}");
        }
        rows.extend(compared);
    }
    Ok(rows)
}

fn put_up(stage: &SiteStage) -> Result<()> {
    let folder = workspace().join("tests/accuracy");
    let library = folder.join("node_modules/web-vitals/dist/web-vitals.attribution.iife.js");
    let library = std::fs::read(&library).with_context(|| library.display().to_string())?;
    stage
        .site
        .put_file("/web-vitals.js", "text/javascript", library);
    stage.site.put_file("/picture.bmp", "image/bmp", picture());
    let html = std::fs::read_to_string(folder.join("page.html"))?;
    for path in visits::CASES
        .into_iter()
        .chain([visits::ELSEWHERE, visits::BEFORE])
    {
        let page = Page::whole(&html);
        let page = if path.starts_with(LATE) {
            page.with(&json!({ "core": "/late/3000/sightline/" }))
        } else {
            page
        };
        stage.site.put(path, page)?;
    }
    Ok(())
}

/// 256 by 256 points of noise: what has less in it is no largest paint to the browser.
fn picture() -> Vec<u8> {
    const SIDE: u32 = 256;
    let size = SIDE * SIDE * 3;
    let mut bytes = b"BM".to_vec();
    // File header, then the information header: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
    for number in [
        54 + size,
        0,
        54,
        40,
        SIDE,
        SIDE,
        1 | 24 << 16,
        0,
        size,
        0,
        0,
        0,
        0,
    ] {
        bytes.extend(number.to_le_bytes());
    }
    let mut noise = 1_u32;
    bytes.extend((0..size).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    }));
    bytes
}

/// The rows once they agree, or as they are when time is up.
async fn settled(stage: &SiteStage, path: &str, from_ms: u64) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let agreed = until("both accounts to agree", SETTLED_WITHIN, async || {
        let views = stage
            .collector
            .views(from_ms)
            .await
            .map_err(|error| format!("{error:#}"))?;
        let views: Vec<Value> = views
            .into_iter()
            .filter(|view| view["route"] == path)
            .collect();
        rows = compare(
            path.trim_start_matches('/'),
            visits::purpose(path),
            &said_on(stage, path),
            &views,
        );
        if !rows.is_empty() && rows.iter().all(Row::agrees) {
            Ok(())
        } else {
            Err("not yet".to_owned())
        }
    })
    .await;
    ensure!(
        agreed.is_ok() || !rows.is_empty(),
        "{path}: neither said anything"
    );
    Ok(rows)
}

/// Everything `web-vitals` said on pages at this path.
fn said_on(stage: &SiteStage, path: &str) -> Vec<Value> {
    let said = stage.site.arrivals("/take/said");
    let said = said
        .iter()
        .filter_map(|word| serde_json::from_slice(&word.body).ok());
    said.filter(|word: &Value| word["page"] == path).collect()
}
