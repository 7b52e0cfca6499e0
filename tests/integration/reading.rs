//! What the path of a bundle may be, and that nothing of it is read without bound or for ever.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use trusted_transport::{CaError, SourceKind};
use trusted_transport_lab::Authority;

use crate::fixtures::exclusive;

#[test]
fn what_a_path_may_be() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    let load = |path: &Path| exclusive().size_limit(10_000).bundle(path).load();
    fs::write(file("a.pem"), a.pem()).expect("written");
    fs::write(file("b.der"), b.der()).expect("written");
    let readme = file("readme.txt");
    fs::write(&readme, "no block\n").expect("written");

    let single = load(&file("a.pem")).expect("a file");
    assert_eq!(single.report().source.kind, SourceKind::Explicit);
    assert_eq!(
        single.report().source.path.as_deref(),
        Some(&*file("a.pem"))
    );
    assert_eq!(load(&file("b.der")).expect("DER").report().anchors, Some(1));
    let all = load(directory.path()).expect("a directory");
    assert_eq!(all.report().anchors, Some(2));
    let files = [file("a.pem"), file("b.der"), readme.clone()];
    assert_eq!(all.report().bundle.files, files);
    let warning = "there is no certificate in 1 file of the bundle, such as ";
    let warning = format!("{warning}{}", readme.display());
    assert_eq!(all.report().warnings, [warning]);

    let bytes = exclusive().size_limit(100).bundle_pem("mine", a.pem());
    let error = bytes.load().expect_err("too large");
    assert!(
        matches!(error, CaError::TooLarge { limit: 100, .. }),
        "{error:?}"
    );

    let missing = load(&file("missing")).expect_err("missing");
    assert!(matches!(missing, CaError::Read { .. }), "{missing:?}");
    let io = std::io::Error::from(missing);
    assert_eq!(io.kind(), ErrorKind::NotFound);
    fs::write(file("large"), vec![b'#'; 10_001]).expect("written");
    let large = load(&file("large")).expect_err("too large");
    assert!(
        matches!(large, CaError::TooLarge { limit: 10_000, .. }),
        "{large:?}"
    );
}

#[test]
fn each_bundle_and_each_binary_file_must_be_what_it_seems() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let two = exclusive()
        .bundle_pem("one", a.pem())
        .bundle_pem("two", "nothing here");
    let error = two.load().expect_err("the second is empty");
    assert!(error.to_string().contains("`two`"), "{error}");

    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    fs::write(file("a.pem"), a.pem()).expect("written");
    let der = b.der().to_vec();
    let truncated = der[..der.len() - 1].to_vec();
    let doubled = [&der[..], &der].concat();
    for bytes in [truncated, doubled, [&der[..], b"\n"].concat()] {
        fs::write(file("b.der"), bytes).expect("written");
        let error = exclusive().bundle(directory.path()).load();
        let error = error.expect_err("not one certificate");
        assert!(matches!(error, CaError::Corrupt { .. }), "{error:?}");
        assert_eq!(error.path(), Some(&*file("b.der")));
    }
}

#[test]
fn a_directory_is_bounded_as_a_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let a = Authority::root("A").pem();
    for name in ["a.pem", "b.pem"] {
        fs::write(directory.path().join(name), &a).expect("written");
    }
    let load = |limit| {
        let policy = exclusive().bundle(directory.path()).size_limit(limit);
        policy
            .load()
            .map(|anchors| anchors.report().bundle.duplicates)
    };
    let size = a.len() as u64;
    assert_eq!(load(2 * size).expect("it fits"), 1);
    let error = load(2 * size - 1).expect_err("one byte too many");
    assert!(matches!(error, CaError::TooLarge { .. }), "{error:?}");
    assert_eq!(error.path(), Some(directory.path()), "not one of its files");

    for number in 0..10_000 {
        fs::File::create(directory.path().join(number.to_string())).expect("created");
    }
    let error = load(2 * size).expect_err("too many files");
    assert!(matches!(error, CaError::TooManyFiles { .. }), "{error:?}");
}

#[cfg(unix)]
#[test]
fn what_could_be_read_for_ever_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let fifo = directory.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo runs").success());
    for path in [fifo.as_path(), Path::new("/dev/zero")] {
        let error = exclusive().bundle(path).load().expect_err("not a file");
        assert!(matches!(error, CaError::NotAFile { .. }), "{error:?}");
        assert!(error.hint().contains(&path.display().to_string()));
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_one_that_leads_nowhere_is_an_error() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    fs::write(path("a.pem"), Authority::root("A").pem()).expect("written");
    for (target, link) in [
        ("a.pem", "good"),
        ("nowhere", "dangling"),
        ("loop-b", "loop-a"),
        ("loop-a", "loop-b"),
    ] {
        symlink(target, path(link)).expect("a link");
    }
    let load = |name: &str| exclusive().bundle(path(name)).load();
    assert_eq!(
        load("good").expect("it leads to a file").report().anchors,
        Some(1)
    );
    for (link, target) in [("dangling", "nowhere"), ("loop-a", "loop-b")] {
        for bundle in [path(link), path("")] {
            let error = exclusive().bundle(bundle).load().expect_err("a bad link");
            assert!(matches!(error, CaError::Read { .. }), "{error:?}");
        }
        let error = load(link).expect_err("a bad link");
        let text = format!("a symbolic link to `{target}`");
        assert!(error.to_string().ends_with(&text), "{error}");
        assert!(error.hint().contains(target), "{}", error.hint());
    }
}

#[cfg(unix)]
#[test]
fn a_directory_is_read_without_what_is_no_file_and_says_so() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    // As Kubernetes lays a volume out.
    fs::create_dir(path("..2026_11_22")).expect("a directory");
    fs::write(path("..2026_11_22/ca.pem"), Authority::root("A").pem()).expect("written");
    symlink("..2026_11_22", path("..data")).expect("a link");
    symlink("..data/ca.pem", path("ca.pem")).expect("a link");
    let load = || exclusive().bundle(directory.path()).load();
    let anchors = load().expect("one certificate");
    assert_eq!(anchors.report().bundle.files, [path("ca.pem")]);
    assert_eq!(anchors.report().warnings, [""; 0]);

    fs::create_dir(path("more")).expect("a directory");
    symlink(".", path("self")).expect("a link");
    let anchors = load().expect("one certificate");
    assert_eq!(anchors.report().anchors, Some(1));
    let warning = format!(
        "not read in the directory: 2 items other than regular files, such as {}",
        path("more").display()
    );
    assert_eq!(anchors.report().warnings, [warning]);
}

/// Root may read everything; what it may not is rare.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_may_not_be_read_is_an_error_with_its_own_hint() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("secret.pem");
    fs::write(&path, Authority::root("A").pem()).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).expect("permissions");
    let forbidden = match fs::File::open(&path) {
        Ok(_) => Path::new("/proc/sys/vm/compact_memory"),
        Err(_) => &path,
    };
    let error = exclusive().bundle(forbidden).load().expect_err("forbidden");
    let CaError::Read { source, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(source.kind(), ErrorKind::PermissionDenied);
    assert!(
        error.hint().starts_with("allow this user to read"),
        "{}",
        error.hint()
    );
}

#[test]
fn a_sparse_file_over_the_limit_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("large.pem");
    // Sparse: it takes no room on the disk.
    let file = fs::File::create(&path).expect("created");
    file.set_len(100 << 20).expect("a length");
    let error = exclusive().bundle(&path).load().expect_err("too large");
    let limit = 64 << 20;
    assert!(
        matches!(error, CaError::TooLarge { limit: found, .. } if found == limit),
        "{error:?}"
    );
}

/// Whoever replaces a bundle writes a new file and renames it.
#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_is_read_as_the_old_or_the_new_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ca.pem");
    let old: String = (0..40)
        .map(|n| Authority::root(&n.to_string()).pem())
        .collect();
    let new: String = (0..60)
        .map(|n| Authority::root(&n.to_string()).pem())
        .collect();
    fs::write(&path, &old).expect("written");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let next = directory.path().join("next");
            for text in [&new, &old].into_iter().cycle().take(500) {
                fs::write(&next, text).expect("written");
                fs::rename(&next, &path).expect("renamed");
            }
        });
        let mut seen = [0, 0];
        while !writer.is_finished() {
            let anchors = exclusive().bundle(&path).load();
            match anchors.expect("a whole file").report().anchors {
                Some(40) => seen[0] += 1,
                Some(60) => seen[1] += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(!seen.contains(&0), "{seen:?}");
    });
}
