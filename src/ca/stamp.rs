//! What files look like from outside, without reading any: enough to tell that one was written to,
//! replaced, added, or that a link leads elsewhere.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::read::MOST_FILES;

/// A look at the files and directories of a source. It opens no file, so that none can make it
/// wait, and reads no more of a directory than a load does.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    looks: Vec<Look>,
    /// Whether something changed just before it was taken.
    is_new: bool,
}

/// One path, with symbolic links followed.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    path: PathBuf,
    file: Result<Attributes, ErrorKind>,
}

#[derive(Debug, PartialEq, Eq)]
struct Attributes {
    /// Device and inode.
    identity: (u64, u64),
    length: u64,
    modified: Option<SystemTime>,
    /// Nobody can set it back, where there is one.
    changed: Option<SystemTime>,
}

impl Stamp {
    pub(crate) fn of(paths: &[PathBuf]) -> Self {
        let (mut looks, now) = (Vec::new(), SystemTime::now());
        for path in paths {
            look(path, &mut looks);
        }
        let files = looks.iter().flat_map(|look| &look.file);
        let is_new = files.filter_map(|it| it.changed).any(|it| is_new(it, now));
        Self { looks, is_new }
    }

    /// Whether something is to be read that was not there yet when this one was taken, if `now` is
    /// what one sees now.
    pub(crate) fn is_outdated_by(&self, now: &Self) -> bool {
        // Of two changes within one tick of the file system's clock the second leaves no trace. So
        // what was new is read once more, when that cannot be the case any longer.
        self.looks != now.looks || (self.is_new && !now.is_new)
    }
}

fn is_new(changed: SystemTime, now: SystemTime) -> bool {
    match now.duration_since(changed) {
        Ok(age) => age < TICK,
        // A file server's clock may be ahead, but not for ever.
        Err(ahead) => ahead.duration() < TICK,
    }
}

fn look(source: &Path, looks: &mut Vec<Look>) {
    let target = fs::canonicalize(source);
    let attributes = fs::metadata(source);
    let is_directory = attributes.as_ref().is_ok_and(Metadata::is_dir);
    looks.push(Look {
        path: target.unwrap_or_else(|_| source.to_owned()),
        file: attributes.map(Attributes::from).map_err(|it| it.kind()),
    });
    if is_directory {
        looks.extend(entries(source));
    }
}

/// Of more than a load would read, none: what changes is seen at the directory itself.
fn entries(directory: &Path) -> Vec<Look> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let entries = entries.take(MOST_FILES + 1).map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries.collect();
    if paths.len() > MOST_FILES {
        return Vec::new();
    }
    paths.sort();
    let look = |path: PathBuf| Look {
        file: fs::metadata(&path)
            .map(Attributes::from)
            .map_err(|it| it.kind()),
        path,
    };
    paths.into_iter().map(look).collect()
}

impl From<Metadata> for Attributes {
    #[cfg(unix)]
    fn from(metadata: Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let since_epoch = || {
            let seconds = u64::try_from(metadata.ctime()).ok()?;
            let nanoseconds = u32::try_from(metadata.ctime_nsec()).ok()?;
            Some(Duration::new(seconds, nanoseconds))
        };
        Self {
            identity: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            modified: metadata.modified().ok(),
            changed: since_epoch().and_then(|it| SystemTime::UNIX_EPOCH.checked_add(it)),
        }
    }

    #[cfg(not(unix))]
    fn from(metadata: Metadata) -> Self {
        let modified = metadata.modified().ok();
        Self {
            identity: (0, 0),
            length: metadata.len(),
            modified,
            changed: modified,
        }
    }
}

/// No file system in use has a slower clock: that of FAT has two seconds.
const TICK: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, remove_file, rename, write};
    use tempfile::TempDir;

    /// What a test writes has always just changed.
    fn aged(paths: &[PathBuf]) -> Stamp {
        Stamp {
            is_new: false,
            ..Stamp::of(paths)
        }
    }

    /// Whether `change` is noticed by somebody who looks at `path`.
    fn noticed(path: &Path, change: impl FnOnce()) -> bool {
        let paths = [path.to_owned()];
        let before = aged(&paths);
        assert!(!before.is_outdated_by(&aged(&paths)), "nothing changed");
        change();
        before.is_outdated_by(&aged(&paths))
    }

    #[test]
    fn whatever_changes_at_a_path_is_noticed() {
        let folder = TempDir::new().expect("a directory");
        let [file, other] = ["a", "b"].map(|name| folder.path().join(name));
        let ok = |done: std::io::Result<()>| done.expect("done");
        assert!(noticed(&file, || ok(write(&file, "1"))), "made");
        assert!(noticed(&file, || ok(write(&file, "22"))), "another length");
        ok(write(&other, "33"));
        assert!(noticed(&file, || ok(rename(&other, &file))), "replaced");
        assert!(noticed(&file, || ok(remove_file(&file))), "removed");
        assert!(!noticed(&file, || ok(write(&other, "4"))), "its neighbour");
    }

    #[test]
    fn what_is_in_a_directory_belongs_to_it() {
        let folder = TempDir::new().expect("a directory");
        let (bundle, file) = (folder.path().join("bundle"), folder.path().join("bundle/a"));
        create_dir(&bundle).expect("a directory");
        let ok = |done: std::io::Result<()>| done.expect("done");
        assert!(noticed(&bundle, || ok(write(&file, "1"))), "added");
        assert!(noticed(&bundle, || ok(write(&file, "22"))), "changed");
        assert!(noticed(&bundle, || ok(remove_file(&file))), "removed");
    }

    #[test]
    fn what_was_new_is_outdated_once() {
        let folder = TempDir::new().expect("a directory");
        let paths = [folder.path().join("a")];
        write(&paths[0], "1").expect("written");
        let (new, old) = (Stamp::of(&paths), aged(&paths));
        assert!(new.is_new);
        assert!(!new.is_outdated_by(&new), "it may still change unnoticed");
        assert!(new.is_outdated_by(&old));
        assert!(!old.is_outdated_by(&old));
        let second = Duration::from_secs(1);
        let now = SystemTime::now();
        for (changed, expected) in [
            (now, true),
            (now - second, true),
            (now + second, true),
            (now - 3 * second, false),
            (now + 3 * second, false),
        ] {
            assert_eq!(is_new(changed, now), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_makes_it_wait_or_go_in_circles() {
        use std::os::unix::fs::symlink;
        let folder = TempDir::new().expect("a directory");
        let [fifo, circle] = ["fifo", "circle"].map(|name| folder.path().join(name));
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.expect("it runs").success());
        symlink(&circle, &circle).expect("a link");
        symlink(folder.path(), folder.path().join("itself")).expect("a link");
        let seen = Stamp::of(&[fifo, circle, folder.path().to_owned()]);
        assert_eq!(seen.looks.len(), 6, "{seen:#?}");
        assert!(seen.looks[0].file.is_ok() && seen.looks[1].file.is_err());
    }

    #[test]
    fn of_a_directory_with_too_many_entries_none_is_looked_at() {
        let folder = TempDir::new().expect("a directory");
        for number in 0..=MOST_FILES {
            write(folder.path().join(number.to_string()), "").expect("written");
        }
        let paths = [folder.path().to_owned()];
        assert_eq!(Stamp::of(&paths).looks.len(), 1);
        remove_file(folder.path().join("0")).expect("removed");
        assert_eq!(Stamp::of(&paths).looks.len(), 1 + MOST_FILES);
    }
}
