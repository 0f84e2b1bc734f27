//! The largest values a well-behaved probe ever sends. The collector refuses what exceeds them.

/// Bytes of one encoded beacon: the browser's own budget for keepalive requests is 64 KiB.
pub const BEACON_BYTES: usize = 64 * 1024;
/// Events in one beacon.
pub const EVENTS: usize = 256;
/// Bytes of one encoded event.
pub const EVENT_BYTES: usize = 8 * 1024;
/// Bytes of a name: release, deployment, method, journey, step, measurement, attribute's key and value,
/// result field, protocol, kind of resource.
pub const NAME_BYTES: usize = 128;
/// Bytes of a route template or an origin.
pub const ROUTE_BYTES: usize = 256;
/// Bytes of an error message or of the address of a script or another resource.
pub const MESSAGE_BYTES: usize = 512;
/// Pods or releases that one page load can name as touched.
pub const TOUCHED: usize = 16;
/// Entries in the list of drop counts.
pub const DROP_COUNTS: usize = 16;
/// The longest duration taken seriously: one day, in milliseconds. What lasts longer, as a socket may,
/// is told as a day.
pub const DURATION_MS: u32 = 24 * 60 * 60 * 1000;
/// Bytes of an error's stack.
pub const STACK_BYTES: usize = 1024;
/// Bytes of an element's selector, or of what invoked a script.
pub const SELECTOR_BYTES: usize = 256;
/// Attributes of a visit or of a measurement.
pub const ATTRIBUTES: usize = 16;
/// Metrics of one `Server-Timing` header.
pub const SERVER_TIMINGS: usize = 8;
/// Elements told among the most clicked.
pub const CLICK_TARGETS: usize = 10;
/// Steps of one attempt at a journey.
pub const STEPS: usize = 16;
/// Parts of a vital.
pub const VITAL_PARTS: usize = 8;
