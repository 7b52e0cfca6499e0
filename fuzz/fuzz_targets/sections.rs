//! Takes any bytes as PEM.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trusted_transport_fuzz::sections(data));
