//! The real binary, in an environment that has nothing but the variables of the case.

mod blocks;
mod check;
mod connections;
mod contract;
mod demo;
mod downstream;
mod guard;
mod inspect;
mod listing;
mod manual;
#[cfg(target_os = "linux")]
mod pictures;
mod run;
