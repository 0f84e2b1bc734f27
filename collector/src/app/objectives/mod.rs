//! Objectives in a running collector: read from files that may change, judged by what the store and the
//! servers counted, answered to the API, the page and the metrics.

mod answer;
mod book;
mod judge;
mod measure;
mod ready_made;
mod series;

pub use answer::{ObjectiveAnswer, ObjectivesAnswer};
pub use book::{ObjectiveBook, RefusedObjectives, read_files};
pub use judge::Judgement;
pub(super) use judge::Latest;
pub(super) use ready_made::ReadyMade;
