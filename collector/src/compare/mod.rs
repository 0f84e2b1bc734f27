//! The server side of the story: the servers' own counters, read from their Prometheus endpoints, set
//! beside the browsers' figures. A target that cannot be read is "no data", never 100%.

mod coverage;
mod deltas;
mod exposition;
mod scraper;
mod twin;

pub use coverage::{CoverageFigures, DocumentFigures, Documents, coverage};
pub use exposition::{SeriesName, read_counters};
pub use scraper::Scraper;
pub use twin::{NoData, ServerFigures, Twin, TwinState};
