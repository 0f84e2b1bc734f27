//! Sightline's collector. The path of a beacon, and where it can end:
//!
//! 1. [`http`] takes the request and opens the book on it ([`ingest::Tally`]).
//! 2. [`ingest`] looks at size, key and origin and rate before the body is read, then decodes, scrubs
//!    and validates: an [`ingest::AcceptedBeacon`], or a [`ingest::Rejection`] that is counted.
//! 3. [`store`] deduplicates, and commits raw rows, revisions and buckets in one transaction; only
//!    then the sender hears 204.
//! 4. [`sli`] says what each event counts as and adds up counts; pure.
//! 5. [`slo`] judges objectives by them; pure.
//! 6. [`compare`] reads what the servers count of the same journeys.
//! 7. [`export`] and the API in [`http`] show both.
//!
//! [`serve`] stands before all of them: it takes connections and bounds what each may cost. [`app`]
//! joins the stations, which do not know one another; [`config`] is what an operator decides.

pub mod app;
pub mod clock;
pub mod commands;
pub mod compare;
pub mod config;
pub mod export;
pub mod http;
pub mod ingest;
pub mod problems;
pub mod serve;
pub mod sli;
pub mod slo;
pub mod store;
