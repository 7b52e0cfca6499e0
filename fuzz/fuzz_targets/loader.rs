//! Takes any bytes as a bundle.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trusted_transport_fuzz::loader(data));
