//! The collector's promises, asked through its HTTP surface on a set clock.

mod acceptance;
mod answers;
mod harness;
mod kinds;
mod process;
mod rejections;
mod revisions;
mod time_and_coverage;
mod twins;
mod view_page;
