//! The server side of the story: the servers' own counters, read from their Prometheus endpoints, set
//! beside the browsers' figures. A target that cannot be read is "no data", never 100%.

pub mod blindspot;
mod coverage;
mod dark;
mod deltas;
mod exposition;
mod gap;
mod interval;
mod latency;
mod opposite;
mod scraper;
mod silence;
mod twin;

pub use coverage::{CoverageFigures, DocumentFigures, Documents, coverage};
pub use dark::{DarkRelease, dark_releases};
pub use exposition::{SeriesName, read_counters};
pub use gap::{Gap, gap};
pub use latency::{LatencyGap, Percentiles, ServerLatency, exact_percentiles, latency_gap};
pub use opposite::{ServerOnly, server_only};
pub use scraper::Scraper;
pub use silence::{Rhythm, Silence, unheard};
pub use twin::{NoData, ServerFigures, Twin, TwinState};
