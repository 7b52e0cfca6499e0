//! The real binary, in an environment that has nothing but the variables of the case.

mod check;
mod demo;
mod inspect;
mod run;
