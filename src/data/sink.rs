//! Writes an output folder whole or not at all.
//!
//! Everything goes into a temporary folder beside the target, is flushed to
//! the disk, and then takes the target's place in one step. Until then an
//! earlier plan stays as it is: a full disk, a refused permission or a killed
//! run cannot harm it. A target that no run of Purvey wrote is refused; files
//! that somebody added to one of ours are kept.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::source::plain_error;
use super::table::Table;
use super::write::write_csv;

/// The file that marks a folder as ours and lists what a run wrote. While a run writes, it
/// holds a lock on it; a temporary folder whose marker is not locked is that of a dead run.
const MARKER: &str = ".purvey";

/// How temporary files inside an output folder begin.
const TEMPORARY: &str = ".purvey-";

/// Files that file managers leave behind.
const LITTER: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// An output folder under construction.
///
/// ```
/// use purvey::data::{Output, Table};
/// let place = tempfile::tempdir()?;
/// let target = place.path().join("out");
/// let mut output = Output::begin(&target)?;
/// output.table(&Table::new("orders").with_text("item", ["soap"]).with_number("quantity", [48.0]))?;
/// assert!(!target.exists());
/// output.finish()?;
/// assert_eq!(std::fs::read_to_string(target.join("orders.csv"))?, "item,quantity\nsoap,48\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Output {
    target: PathBuf,
    staging: TempDir,
    marker: File,
    names: Vec<String>,
}

/// Why an output folder could not be written; an earlier plan is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The system does not allow it.
    #[error("no permission to write {path}\n  help: choose another folder with --output", path = .path.display())]
    Denied {
        /// What could not be written.
        path: PathBuf,
    },
    /// No space left.
    #[error("the disk is full: {path} was not written\n  help: free some space, or choose another folder with --output", path = .path.display())]
    Full {
        /// What could not be written.
        path: PathBuf,
    },
    /// Anything else that the system says.
    #[error("cannot write {path}: {reason}", path = .path.display())]
    Io {
        /// What could not be written.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A file name with a path in it.
    #[error("{name:?} is not the name of a file in the output folder")]
    Name {
        /// The name.
        name: String,
    },
    /// Something stands there that no run of Purvey wrote.
    #[error("{path} {reason}, and is left alone\n  help: choose another folder with --output", path = .path.display())]
    NotOurs {
        /// The target.
        path: PathBuf,
        /// What stands there.
        reason: &'static str,
    },
    /// The folder or its file system is read-only.
    #[error("{path} is read-only\n  help: choose another folder with --output", path = .path.display())]
    ReadOnly {
        /// The folder.
        path: PathBuf,
    },
}

impl Output {
    /// Begins a folder that will stand at `target`; refuses at once what could not be replaced.
    ///
    /// # Errors
    /// [`SinkError`] when the target is not ours or its surroundings cannot be written.
    pub fn begin(target: &Path) -> Result<Self, SinkError> {
        let target = resolve(target)?;
        let (parent, name) = split(&target)?;
        fs::create_dir_all(&parent).map_err(|error| failed(&parent, &error))?;
        let prefix = staging_prefix(&name);
        recover(&target, &parent, &prefix);
        check_target(&target)?;
        let mut builder = tempfile::Builder::new();
        let prefix = prefix.to_string_lossy().into_owned();
        builder.prefix(&prefix);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o777)); // less the umask, as any folder
        }
        let staging = builder.tempdir_in(&parent).map_err(|error| failed(&parent, &error))?;
        let path = staging.path().join(MARKER);
        let marker = File::create(&path).map_err(|error| failed(&path, &error))?;
        // A file system without locks only loses the tidying up after killed runs.
        let _ = marker.try_lock();
        Ok(Output { target, staging, marker, names: Vec::new() })
    }

    /// Writes one file.
    ///
    /// # Errors
    /// [`SinkError`] when the system refuses.
    pub fn text(&mut self, name: &str, text: &str) -> Result<(), SinkError> {
        self.write_with(name, |file| file.write_all(text.as_bytes()))
    }

    /// Writes a table as `NAME.csv` and returns that name.
    ///
    /// # Errors
    /// [`SinkError`] when the system refuses.
    pub fn table(&mut self, table: &Table) -> Result<String, SinkError> {
        let name = format!("{}.csv", table.name());
        self.write_with(&name, |file| write_csv(table, file))?;
        Ok(name)
    }

    /// Puts the folder in its place; what stood there before is gone only now.
    ///
    /// # Errors
    /// [`SinkError`] when the system refuses; the earlier folder then stays.
    pub fn finish(mut self) -> Result<(), SinkError> {
        let marker = self.staging.path().join(MARKER);
        let list = self.names.iter().fold(String::new(), |list, name| list + name + "\n");
        self.marker
            .write_all(list.as_bytes())
            .and_then(|()| self.marker.sync_all())
            .map_err(|error| failed(&marker, &error))?;
        check_target(&self.target)?;
        if self.target.exists() {
            keep_foreign(&self.target, self.staging.path())?;
        }
        sync_folder(self.staging.path());
        let swapped = replace(self.staging.path(), &self.target);
        swapped.map_err(|error| failed(&self.target, &error))?;
        if let Some(parent) = self.target.parent() {
            sync_folder(parent);
        }
        Ok(())
    }

    fn write_with(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut io::BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), SinkError> {
        if !is_plain(name) || name == MARKER {
            return Err(SinkError::Name { name: name.to_owned() });
        }
        let shown = self.target.join(name);
        let file = File::create(self.staging.path().join(name)).map_err(|error| failed(&shown, &error))?;
        let mut writer = io::BufWriter::with_capacity(1 << 16, file);
        let written =
            write(&mut writer).and_then(|()| writer.into_inner().map_err(io::Error::from)?.sync_all());
        written.map_err(|error| failed(&shown, &error))?;
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        Ok(())
    }
}

/// Writes one file of an existing output folder again, whole or not at all.
///
/// # Errors
/// [`SinkError`] when the system refuses; the earlier file then stays.
pub fn replace_file(path: &Path, text: &str) -> Result<(), SinkError> {
    let (parent, _) = split(path)?;
    let told = |error: io::Error| failed(path, &error);
    if fs::metadata(path).is_ok_and(|data| data.permissions().readonly()) {
        return Err(SinkError::ReadOnly { path: path.to_owned() });
    }
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&parent).map_err(told)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0o644, |data| data.permissions().mode());
        file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(told)?;
    }
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(told)?;
    file.persist(path).map_err(|error| failed(path, &error.error))?;
    sync_folder(&parent);
    Ok(())
}

/// The real place of the target: a symbolic link is followed and stays.
fn resolve(target: &Path) -> Result<PathBuf, SinkError> {
    match fs::symlink_metadata(target) {
        Ok(_) => fs::canonicalize(target).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                SinkError::NotOurs { path: target.to_owned(), reason: "is a link that leads nowhere" }
            }
            _ => failed(target, &error),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(target.to_owned()),
        Err(error) => Err(failed(target, &error)),
    }
}

fn split(target: &Path) -> Result<(PathBuf, OsString), SinkError> {
    let Some(name) = target.file_name() else {
        return Err(SinkError::NotOurs {
            path: target.to_owned(),
            reason: "is no folder that can be replaced",
        });
    };
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    Ok((parent, name.to_owned()))
}

fn staging_prefix(name: &OsString) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".purvey-");
    prefix
}

/// Refuses a target that is not an output folder of ours.
fn check_target(target: &Path) -> Result<(), SinkError> {
    let refuse = |reason| Err(SinkError::NotOurs { path: target.to_owned(), reason });
    let data = match fs::metadata(target) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(target, &error)),
    };
    if !data.is_dir() {
        return refuse("is a file, not a folder");
    }
    if data.permissions().readonly() {
        return Err(SinkError::ReadOnly { path: target.to_owned() });
    }
    let mut entries = fs::read_dir(target).map_err(|error| failed(target, &error))?;
    let empty = entries.all(|entry| entry.is_ok_and(|entry| is_litter(&entry.file_name())));
    if !empty && !target.join(MARKER).is_file() {
        return refuse("holds files that no run of purvey wrote");
    }
    Ok(())
}

/// Brings files that somebody added to the earlier folder into the new one.
fn keep_foreign(old: &Path, new: &Path) -> Result<(), SinkError> {
    let listed = fs::read_to_string(old.join(MARKER)).unwrap_or_default();
    let entries = fs::read_dir(old).map_err(|error| failed(old, &error))?;
    for entry in entries {
        let name = entry.map_err(|error| failed(old, &error))?.file_name();
        let ours = name == MARKER || listed.lines().any(|line| name == line);
        let target = new.join(&name);
        if !ours && !is_litter(&name) && !target.exists() {
            copy(&old.join(&name), &target).map_err(|error| failed(&old.join(&name), &error))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(from)?.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    // A hard link costs nothing and keeps a symbolic link what it is.
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ()))
}

/// Puts `new` where `target` is; what stood there ends up at `new`'s place, or is gone.
fn replace(new: &Path, target: &Path) -> io::Result<()> {
    if !target.exists() {
        return fs::rename(new, target);
    }
    if exchange(new, target).is_ok() {
        return Ok(());
    }
    // No exchange on this file system: two steps, and `recover` mends what a kill between them leaves.
    let mut aside = new.as_os_str().to_owned();
    aside.push(ASIDE);
    let aside = PathBuf::from(aside);
    fs::rename(target, &aside)?;
    if let Err(error) = fs::rename(new, target) {
        fs::rename(&aside, target)?;
        return Err(error);
    }
    // The new plan stands; a rest of the old one is tidied up by the next run.
    let _ = fs::remove_dir_all(&aside);
    Ok(())
}

const ASIDE: &str = ".aside";

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(new: &Path, target: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE).map_err(io::Error::from)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Tidies up after runs that were killed: a folder set aside goes back where nothing stands in
/// its place, and temporary folders whose run is dead are removed.
fn recover(target: &Path, parent: &Path, prefix: &OsString) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            continue;
        }
        let path = entry.path();
        let aside = name.as_encoded_bytes().ends_with(ASIDE.as_bytes());
        if aside && !target.exists() {
            let _ = fs::rename(&path, target);
        } else if is_dead(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn is_dead(staging: &Path) -> bool {
    let is_folder = fs::symlink_metadata(staging).is_ok_and(|data| data.is_dir());
    is_folder && File::open(staging.join(MARKER)).is_ok_and(|marker| marker.try_lock().is_ok())
}

/// What file managers, or a killed [`replace_file`], left behind.
fn is_litter(name: &std::ffi::OsStr) -> bool {
    LITTER.iter().any(|litter| name == *litter) || name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes())
}

fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(std::path::Component::Normal(only)), None) if only == name)
}

/// A folder's own entry on the disk; systems that cannot flush one do without.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = folder.sync_all();
    }
}

fn failed(path: &Path, error: &io::Error) -> SinkError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied => SinkError::Denied { path },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SinkError::Full { path },
        io::ErrorKind::ReadOnlyFilesystem => SinkError::ReadOnly { path },
        _ => SinkError::Io { path, reason: plain_error(error) },
    }
}

#[cfg(test)]
mod tests;
