//! Loading bundles, beside reading them with rustls-pki-types into a `RootCertStore`.

use std::fs;
use std::path::Path;

use trusted_transport::{BaseRoots, CaPolicy};
use trusted_transport_lab::bundle_of;

use crate::measure::{Effort, Pair, timed};
use crate::table::{Row, Table};
use crate::{Outcome, raw};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    let folder = tempfile::tempdir()?;
    for count in [1, 150, 10_000, 100_000] {
        let count = effort.count(count);
        let path = folder.path().join(count.to_string());
        fs::write(&path, bundle_of(count))?;
        let name = format!("loading {count} small certificates");
        compare(effort, &path, count, name, table)?;
    }
    let real = Path::new("/etc/ssl/certs/ca-certificates.crt");
    if real.exists() {
        let count = raw::roots(&fs::read(real)?)?.len();
        let name = format!("loading the {count} real ones of the system's bundle");
        compare(effort, real, count, name, table)?;
    }
    Ok(())
}

fn compare(effort: Effort, path: &Path, count: usize, name: String, table: &mut Table) -> Outcome {
    let policy = CaPolicy::platform().base(BaseRoots::None).bundle(path);
    // At least a tenth of a millisecond for each sample.
    let times = (100 / count).max(1);
    let pair = Pair::of(
        effort.of((1_000_000 / count).clamp(9, 301)),
        || {
            timed(times, || {
                (0..times)
                    .map(|_| raw::roots(&fs::read(path)?))
                    .collect::<Outcome<Vec<_>>>()
            })
        },
        || {
            timed(times, || {
                let loads = (0..times).map(|_| Ok(policy.load()?));
                loads.collect::<Outcome<Vec<_>>>()
            })
        },
    )?;
    table.add(Row::with_cpu(name, &pair).at_most(1.3));
    Ok(())
}
