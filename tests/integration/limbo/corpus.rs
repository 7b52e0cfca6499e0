//! The cases of x509-limbo, one after another: the whole corpus is larger than what a test should
//! hold at once.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use x509_parser::asn1_rs::{FromDer, GeneralizedTime};

/// Where the corpus is: in `LIMBO_JSON`, or beside this repository.
pub(super) fn path() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/x509-limbo.json.xz");
    std::env::var_os("LIMBO_JSON").map_or(beside, PathBuf::from)
}

/// Shows every case of a file, which may be packed by xz.
pub(super) fn read(path: &Path, each: impl FnMut(Case)) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|extension| extension != "xz") {
        return parse(file, each);
    }
    // The program and not a crate: it is on every machine that unpacks sources.
    let mut xz = Command::new("xz")
        .args(["--decompress", "--stdout"])
        .stdin(file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program xz");
    parse(xz.stdout.take().expect("a pipe"), each);
    assert!(xz.wait().expect("it ends").success());
}

pub(super) fn parse(json: impl Read, each: impl FnMut(Case)) {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, json));
    let corpus = json.deserialize_map(Corpus(each));
    corpus.unwrap_or_else(|error| panic!("not in limbo's format: {error}"));
}

/// A case as the corpus has it (`limbo-schema`), as far as a client is concerned.
#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<String>,
    signature_algorithms: Vec<String>,
    key_usage: Vec<String>,
    expected_result: String,
    expected_peer_name: Option<PeerName>,
    max_chain_depth: Option<u32>,
    pub(super) crls: Vec<String>,
}

#[derive(Deserialize)]
struct PeerName {
    value: String,
}

impl Case {
    /// The end-entity first.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        let intermediates = self.untrusted_intermediates.iter();
        let chain = std::iter::once(&self.peer_certificate).chain(intermediates);
        chain.map(|pem| der(pem)).collect()
    }

    pub(super) fn trusted(&self) -> Vec<CertificateDer<'static>> {
        self.trusted_certs.iter().map(|pem| der(pem)).collect()
    }

    /// `None` if the case has no name, or one that no server can have.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.expected_peer_name.as_ref()?.value.clone()).ok()
    }

    pub(super) fn has_name(&self) -> bool {
        self.expected_peer_name.is_some()
    }

    /// Cases without a time are valid for centuries; with the same date each time, the test is one
    /// of code and not of the clock.
    pub(super) fn time(&self) -> UnixTime {
        let time = self.validation_time.as_deref();
        assert!(
            time.is_none_or(|time| time.ends_with("+00:00")),
            "{time:?} is not in UTC"
        );
        let digits: String = time
            .unwrap_or("2026-11-23T00:00:00+00:00")
            .chars()
            .take("YYYY-MM-DDTHH:MM:SS".len())
            .filter(char::is_ascii_digit)
            .collect();
        let mut der = vec![0x18, 15];
        der.extend(format!("{digits}Z").bytes());
        let (_, time) = GeneralizedTime::from_der(&der).expect("a date");
        let seconds = time.utc_datetime().expect("a date").unix_timestamp();
        UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().expect("since 1970")))
    }

    pub(super) fn should_succeed(&self) -> bool {
        self.expected_result == "SUCCESS"
    }

    /// Whether what is expected depends on nothing that a verifier of servers cannot be told.
    pub(super) fn is_comparable(&self) -> bool {
        self.signature_algorithms.is_empty()
            && self.key_usage.is_empty()
            && self.max_chain_depth.is_none()
    }

    /// `rfc5280::nc`, say.
    pub(super) fn namespace(&self) -> &str {
        let last = self.id.rfind("::");
        &self.id[..last.expect("a name in a namespace")]
    }
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

/// The object around the cases.
struct Corpus<F>(F);

impl<'de, F: FnMut(Case)> Visitor<'de> for Corpus<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `testcases`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut each = Some(self.0);
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), each.take()) {
                ("testcases", Some(each)) => map.next_value_seed(Cases(each))?,
                (_, unused) => {
                    each = unused;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match each {
            None => Ok(()),
            Some(_) => Err(A::Error::missing_field("testcases")),
        }
    }
}

/// The array of them.
struct Cases<F>(F);

impl<'de, F: FnMut(Case)> DeserializeSeed<'de> for Cases<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, cases: D) -> Result<(), D::Error> {
        cases.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Case)> Visitor<'de> for Cases<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of cases")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut cases: A) -> Result<(), A::Error> {
        while let Some(case) = cases.next_element()? {
            (self.0)(case);
        }
        Ok(())
    }
}
