//! Objectives: what users may expect, how much of the allowance for failing is spent, how fast it burns
//! and whom that concerns. Pure: counts, files' texts and instants enter, judgements and texts leave; no
//! clock, no I/O, no HTTP.

mod backtest;
mod budget;
mod counts;
mod evaluate;
mod exclusion;
mod explain;
pub mod files;
pub mod generate;
mod guard;
mod indicator;
mod lint;
mod objective;
mod policy;
mod ppm;
mod scraped;
mod timeline;
mod window;

pub use backtest::{Backtest, Firing, backtest};
pub use budget::ErrorBudget;
pub use counts::{Counts, Factor};
pub use evaluate::{
    AlertState, Answered, Asked, Burn, Evaluation, History, State, evaluate, tells,
};
pub use exclusion::Exclusion;
pub use explain::{explain, percent};
pub use indicator::{
    Coverage, CoverageOf, EventFilter, EventIndicator, Indicator, Part, PrometheusIndicator,
    ScrapeFactor, ScrapeIndicator, Subject,
};
pub use lint::{Finding, Means, Rule, lint};
pub use objective::{Budgeting, Objective, Place, Role, Twin};
pub use policy::{BurnAlert, Severity, standard};
pub use ppm::{MILLION, Ppm};
pub use timeline::{MINUTE_MS, Slicing, Timeline, sliced};
pub use window::{Current, Period, Stretch, Unit, Window, instant, length};
