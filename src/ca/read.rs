//! Reads what a path names, and never more than it should: regular files only, opened so
//! that a FIFO or device cannot block, bounded while reading instead of by metadata.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// One file, read to its end.
pub(crate) struct FileBytes {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Why a path could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(PathBuf, io::Error),
    NotAFile(PathBuf),
    TooLarge(PathBuf),
    TooManyFiles(PathBuf),
}

/// The file at `path`, or every regular file directly in the directory at `path`, in the
/// order of their names; at most `limit` bytes in all. Symbolic links are followed.
pub(crate) fn file_or_directory(path: &Path, limit: u64) -> Result<Vec<FileBytes>, ReadError> {
    let metadata = fs::metadata(path).map_err(|error| ReadError::Io(path.into(), error))?;
    if metadata.is_dir() {
        return directory(path, limit);
    }
    Ok(vec![file(path, limit)?])
}

/// The regular file at `path`, at most `limit` bytes.
pub(crate) fn file(path: &Path, limit: u64) -> Result<FileBytes, ReadError> {
    let failed = |error| ReadError::Io(path.into(), error);
    let file = open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(ReadError::NotAFile(path.into()));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge(path.into()));
    }
    Ok(FileBytes {
        path: path.into(),
        bytes,
    })
}

fn directory(path: &Path, limit: u64) -> Result<Vec<FileBytes>, ReadError> {
    let failed = |error| ReadError::Io(path.into(), error);
    let mut paths = fs::read_dir(path)
        .and_then(|entries| {
            entries
                .take(MOST_FILES + 1)
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()
        })
        .map_err(failed)?;
    if paths.len() > MOST_FILES {
        return Err(ReadError::TooManyFiles(path.into()));
    }
    paths.sort();

    let mut files = Vec::new();
    let mut left = limit;
    for path in paths {
        let metadata = fs::metadata(&path).map_err(|error| ReadError::Io(path.clone(), error))?;
        if !metadata.is_file() {
            continue;
        }
        let read = file(&path, left)?;
        left -= read.bytes.len() as u64;
        files.push(read);
    }
    Ok(files)
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
