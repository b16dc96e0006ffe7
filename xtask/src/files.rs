//! Files and folders, with errors that name them.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

/// A folder for the time of a step, removed at its end.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty folder among the temporary files.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let path = env::temp_dir().join(format!("crm-{name}-{}", process::id()));
        fs::create_dir(&path).map_err(failed("cannot make", &path))?;
        Ok(Self(path))
    }

    /// Returns the folder's path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(failed("cannot make", path))
}

/// Reads a text.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(failed("cannot read", path))
}

/// Writes a text.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(failed("cannot write", path))
}

/// Copies a file, also over one that is there.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(failed("cannot copy", from))
}

/// Removes a file or a folder, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), String> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("cannot remove", path)(error)),
        _ => Ok(()),
    }
}

/// Tells whether a file is there and newer than another.
pub(crate) fn is_newer(path: &Path, other: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    matches!((modified(path), modified(other)), (Ok(one), Ok(other)) if one > other)
}

/// Lists what below `top` matches `pattern`, in which one `*` in a name stands for any part of it; in the order of the names.
pub(crate) fn find(top: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![top.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part.split_once('*') {
            None => found.into_iter().map(|path| path.join(part)).collect(),
            Some((start, end)) => found
                .iter()
                .filter_map(|path| path.read_dir().ok())
                .flatten()
                .filter_map(Result::ok)
                .filter(|entry| {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
                })
                .map(|entry| entry.path())
                .collect(),
        };
    }
    found.retain(|path| path.exists());
    found.sort();
    found
}

fn failed(action: &str, path: &Path) -> impl FnOnce(io::Error) -> String {
    move |error| format!("{action} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_matches_the_parts_of_a_pattern() {
        let scratch = Scratch::new("find").unwrap();
        for name in ["a-1/x.whl", "a-2/x.whl", "a-2/y.txt", "b-1/x.whl"] {
            let path = scratch.path().join(name);
            make_folder(path.parent().unwrap()).unwrap();
            write(&path, "").unwrap();
        }
        let found = find(scratch.path(), "a-*/*.whl");
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(scratch.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a-1/x.whl"), Path::new("a-2/x.whl")]);
        assert_eq!(find(scratch.path(), "c/*"), Vec::<PathBuf>::new());
    }
}
