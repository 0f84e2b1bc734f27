//! The largest values a well-behaved probe ever sends. The collector refuses what exceeds them.

/// Bytes of one encoded beacon: the browser's own budget for keepalive requests is 64 KiB.
pub const BEACON_BYTES: usize = 64 * 1024;
/// Events in one beacon.
pub const EVENTS: usize = 256;
/// Bytes of one encoded event.
pub const EVENT_BYTES: usize = 8 * 1024;
/// Bytes of a name: release, deployment, method, journey, result field.
pub const NAME_BYTES: usize = 128;
/// Bytes of a route template or an origin.
pub const ROUTE_BYTES: usize = 256;
/// Bytes of an error message or of a script's address.
pub const MESSAGE_BYTES: usize = 512;
/// Pods or releases that one page load can name as touched.
pub const TOUCHED: usize = 16;
/// Entries in the list of drop counts.
pub const DROP_COUNTS: usize = 16;
/// The longest duration taken seriously: one day, in milliseconds.
pub const DURATION_MS: u32 = 24 * 60 * 60 * 1000;
