//! Objectives as files for other systems: rules for a Prometheus with their unit tests, bodies for
//! Google Cloud Monitoring, and OpenSLO again. Objectives enter, texts leave.

mod expression;
mod gcp;
mod names;
mod openslo;
mod prometheus;
mod promtool;
mod yaml;

pub use gcp::gcp;
pub use names::Naming;
pub use openslo::openslo;
pub use prometheus::prometheus;
pub use promtool::promtool_tests;
