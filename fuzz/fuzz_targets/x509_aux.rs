//! Takes any bytes as OpenSSL's trust settings.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trusted_transport_fuzz::x509_aux(data));
