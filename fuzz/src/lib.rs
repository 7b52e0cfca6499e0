//! What the fuzz targets assert: the loader against a second, simple reading of the same bytes.
//! The modules of `src/ca` are private, and are compiled here once more.

#![forbid(unsafe_code)]

mod loader;
mod sections;
mod x509_aux;

#[path = "../../src/ca/encoding.rs"]
mod encoding;
#[path = "../../src/ca/lines.rs"]
mod lines;
#[path = "../../src/ca/marker.rs"]
mod marker;
#[path = "../../src/ca/openssl.rs"]
mod openssl;
#[path = "../../tests/integration/properties/oracle.rs"]
mod oracle;
#[path = "../../src/ca/pem.rs"]
mod pem;

pub use loader::loader;
pub use sections::sections;
pub use x509_aux::x509_aux;
