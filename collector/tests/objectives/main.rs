//! Promises about objective files and the objectives in them, through the library's one door for files.

mod generated;
mod movie_guru;
mod problems;
mod sloth;
