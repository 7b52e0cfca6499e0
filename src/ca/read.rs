//! Reads what a path names, and never more than it should: regular files only, opened so
//! that a FIFO or device cannot block, bounded while reading instead of by metadata alone.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a path could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(PathBuf, io::Error),
    NotAFile(PathBuf),
    TooLarge(PathBuf),
    TooManyFiles(PathBuf),
}

/// The files that a path stands for, in the order of their names.
pub(crate) struct Listing {
    pub(crate) files: Vec<PathBuf>,
    /// Entries of a directory that are no regular files: other directories, FIFOs.
    pub(crate) skipped: Vec<PathBuf>,
}

/// The path itself, or the entries of the directory at the path. Symbolic links are followed,
/// and one that leads nowhere or in a circle is an error.
pub(crate) fn listing(path: &Path) -> Result<Listing, ReadError> {
    let metadata = fs::metadata(path).map_err(|error| ReadError::Io(path.into(), error))?;
    let mut listing = Listing {
        files: Vec::new(),
        skipped: Vec::new(),
    };
    if metadata.is_file() {
        listing.files.push(path.into());
        return Ok(listing);
    }
    if !metadata.is_dir() {
        return Err(ReadError::NotAFile(path.into()));
    }
    for path in entries(path)? {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => listing.files.push(path),
            Ok(metadata) if metadata.is_dir() && is_volume(&path) => {}
            Ok(_) => listing.skipped.push(path),
            Err(error) => return Err(ReadError::Io(path, error)),
        }
    }
    Ok(listing)
}

/// The bytes of the regular file at `path`, at most `limit`. They are those of one file, also if
/// another is renamed to `path` at the same time.
pub(crate) fn file(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let failed = |error| ReadError::Io(path.into(), error);
    let file = open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile(path.into()));
    }
    let too_large = |size| size > limit;
    if too_large(metadata.len()) {
        return Err(ReadError::TooLarge(path.into()));
    }
    let mut bytes = Vec::new();
    let expected = usize::try_from(metadata.len()).unwrap_or_default();
    bytes
        .try_reserve_exact(expected.saturating_add(1))
        .map_err(|_| failed(io::ErrorKind::OutOfMemory.into()))?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    match too_large(bytes.len() as u64) {
        true => Err(ReadError::TooLarge(path.into())),
        false => Ok(bytes),
    }
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let path = |entry: io::Result<DirEntry>| entry.map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .and_then(|entries| entries.take(MOST_FILES + 1).map(path).collect())
        .map_err(|error| ReadError::Io(directory.into(), error))?;
    if paths.len() > MOST_FILES {
        return Err(ReadError::TooManyFiles(directory.into()));
    }
    paths.sort();
    Ok(paths)
}

/// Kubernetes keeps the files of a volume in `..2026_11_22`, with `..data` as a link to it, and
/// links to them one by one.
fn is_volume(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::as_encoded_bytes);
    name.is_some_and(|name| name.starts_with(b".."))
}

/// Without `O_NONBLOCK`, opening a FIFO waits for a writer that may never come.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// No trust store has more, and each costs a few system calls.
pub(crate) const MOST_FILES: usize = 10_000;
