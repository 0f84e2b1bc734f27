//! The detector by its one door: what it is told, what it finds.

mod findings;
mod site;
mod votes;
