//! What an administrator finds in the logs, captured as a subscriber gets it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, TrustedTransport};
use trusted_transport_lab::Authority;

use crate::fixtures;

#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    pub(crate) fn during(work: impl FnOnce()) -> Vec<String> {
        let captured = Self::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        let bytes = captured.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes)
            .expect("text")
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_load_and_a_transport_are_one_line_each() {
    let authority = Authority::root("Root");
    let key = authority.issue(&["a"]).key_pem();
    let policy = CaPolicy::platform()
        .base(BaseRoots::None)
        .bundle_pem("mine", authority.pem() + &authority.pem() + &key);
    let mut fingerprint = String::new();
    let lines = Captured::during(|| {
        let anchors = policy.load().expect("it loads");
        fingerprint = anchors.report().fingerprint.clone();
        TrustedTransport::builder(anchors)
            .proxy(ProxyPolicy::all("http://user:s3cret@proxy.test:3128"))
            .build()
            .expect("built");
    });
    let [load, built] = &lines[..] else {
        panic!("{lines:#?}");
    };
    for (line, parts) in [
        (
            load,
            &[
                "INFO trusted_transport: trust anchors loaded",
                "source=\"explicit\"",
                "accepted=1",
                "distrusted=0",
                "unusable=0",
                "duplicates=1",
                "crls_ignored=0",
                "base=None",
                "anchors=1",
            ][..],
        ),
        (
            built,
            &[
                "INFO trusted_transport: transport built",
                "routes=https through http://proxy.test:3128, http through http://proxy.test:3128",
                CRYPTO_PROVIDER,
            ],
        ),
    ] {
        for part in parts {
            assert!(line.contains(part), "{part}\n{line}");
        }
        assert!(
            line.contains(&format!("fingerprint=\"{fingerprint}\"")),
            "{line}"
        );
    }
    let all = lines.concat();
    assert!(
        !all.contains("s3cret") && !all.contains("PRIVATE KEY"),
        "{all}"
    );
}

#[test]
fn each_certificate_that_is_left_out_is_a_warning() {
    let root = Authority::root("Root");
    let bundle = fixtures::unusable(&root) + &root.pem();
    let policy = CaPolicy::platform()
        .base(BaseRoots::None)
        .bundle_pem("mine", bundle);
    let lines = Captured::during(|| {
        policy.load().expect("it loads");
    });
    let warning = &lines[0];
    for part in [
        "WARN trusted_transport: CA certificate left out",
        "path=mine",
        "position=1",
        "subject=\"CN=Root\"",
    ] {
        assert!(warning.contains(part), "{part}\n{warning}");
    }
    assert!(lines[1].contains("unusable=1"), "{}", lines[1]);
}

#[test]
fn a_variable_that_loses_is_named() {
    // Cargo sets it for every test.
    let policy = CaPolicy::from_variables(["CARGO_PKG_NAME"])
        .base(BaseRoots::None)
        .bundle_pem("mine", Authority::root("Root").pem());
    let lines = Captured::during(|| {
        policy.load().expect("it loads");
    });
    let lost = "INFO trusted_transport: CA variable not used, a stronger source won \
                variable=\"CARGO_PKG_NAME\" path=trusted-transport";
    assert!(
        lines.iter().any(|line| line.trim_start() == lost),
        "{lines:#?}"
    );
}

#[test]
fn an_error_is_returned_and_not_logged() {
    let lines = Captured::during(|| {
        CaPolicy::platform()
            .bundle("/nonexistent")
            .load()
            .expect_err("missing");
    });
    assert!(lines.is_empty(), "{lines:#?}");
}

/// What the features of this build choose.
const CRYPTO_PROVIDER: &str = if cfg!(feature = "fips") {
    "crypto_provider=\"aws-lc-rs in FIPS mode\" fips=true"
} else if cfg!(feature = "aws-lc-rs") {
    "crypto_provider=\"aws-lc-rs\" fips=false"
} else {
    "crypto_provider=\"ring\" fips=false"
};
