//! Loopback lab.
