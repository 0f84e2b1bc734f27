//! `/metrics`: two sources in one OpenMetrics text with disjoint names. The SLI series are rendered
//! from the store's running totals; what the collector says of itself goes through OpenTelemetry.

mod connections;
mod objectives;
mod own;
mod series;
mod storage;

pub use connections::{ConnectionGauges, Open, TurnedAway};
pub use objectives::{EventTotals, ObjectiveSeries};
pub use own::{Observed, OwnMetrics, ScrapeGauges};

use crate::store::SeriesTotal;

/// The whole exposition.
///
/// # Errors
/// Rendering failed.
pub fn render(
    own: &OwnMetrics,
    totals: Vec<SeriesTotal>,
    objectives: &[ObjectiveSeries],
) -> anyhow::Result<String> {
    own.note_series(&totals);
    let mut text = own.render()?;
    // prometheus-client closes the text with `# EOF`, so its part stands last.
    text.push_str(&series::render(totals, objectives)?);
    Ok(text)
}
