//! What loading a bundle costs, beside reading it with rustls-pki-types and adding each
//! certificate to a `RootCertStore`: medians of alternating runs, and their ratios.
//!
//! `cargo bench --bench bundles`.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use trusted_transport::{BaseRoots, CaPolicy};
use trusted_transport_lab::bundle_of;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    println!("certificates      bytes        raw       load  ratio     report");
    for count in [1, 150, 10_000, 100_000] {
        let path = directory.path().join(count.to_string());
        fs::write(&path, bundle_of(count))?;
        compare(&path, count)?;
    }
    let real = Path::new("/etc/ssl/certs/ca-certificates.crt");
    if real.exists() {
        println!("the same with {}:", real.display());
        compare(real, raw(real)?.len())?;
    }
    Ok(())
}

fn compare(path: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let rounds = (200_000 / count).clamp(5, 1_000);
    let policy = CaPolicy::platform().base(BaseRoots::None).bundle(path);
    let [mut raws, mut loads, mut reports] = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        let (time, store) = timed(|| raw(path));
        raws.push(time);
        let (time, anchors) = timed(|| policy.load());
        loads.push(time);
        let (store, anchors) = (store?, anchors?);
        let (time, report) = timed(|| anchors.report());
        reports.push(time);
        assert_eq!(report.anchors, Some(store.len()));
    }
    let [raw, load, report] = [raws, loads, reports].map(median);
    let ratio = load.as_secs_f64() / raw.as_secs_f64();
    let size = fs::metadata(path)?.len();
    println!("{count:12} {size:10} {raw:>10.1?} {load:>10.1?} {ratio:6.2} {report:>10.1?}");
    Ok(())
}

fn raw(path: &Path) -> Result<RootCertStore, Box<dyn Error>> {
    let mut store = RootCertStore::empty();
    let bytes = fs::read(path)?;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        store.add(certificate?)?;
    }
    Ok(store)
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = black_box(run());
    (start.elapsed(), result)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
