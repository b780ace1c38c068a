//! strace's log -> what was changed on disk.
//!
//! A line is `PID call(arguments) = result`; with `-xx` every string and path is hexadecimal, so commas and brackets are the
//! call's own. A call that another thread interrupts is two lines, `<unfinished ...>` and `<... resumed>`. Files are known by
//! number from their making on, whatever they are renamed to; what is written to a file that was deleted is of no account.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The nth file there was.
pub type FileNumber = usize;

/// Something that was done.
#[derive(Debug, Clone)]
pub struct Change {
    pub what: What,
    /// Where its line ends in the log, bytes.
    pub position: u64,
}

/// Paths are relative to the recorded folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file, empty.
    Make {
        path: PathBuf,
        file: FileNumber,
    },
    MakeFolder {
        path: PathBuf,
    },
    Rename {
        file: FileNumber,
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    Write {
        file: FileNumber,
        at: usize,
        bytes: Vec<u8>,
    },
    SetLength {
        file: FileNumber,
        length: usize,
    },
    /// Of the file, all changes before the `first`th are durable.
    Sync {
        file: FileNumber,
        first: usize,
    },
    /// Of the entries of the folder likewise.
    SyncFolder {
        path: PathBuf,
        first: usize,
    },
}

/// What is known while the log is read.
struct Reader<'a> {
    folder: &'a Path,
    files: BTreeMap<PathBuf, FileNumber>,
    folders: BTreeSet<PathBuf>,
    /// Of each file, by its number, as if nothing was ever lost.
    contents: Vec<Vec<u8>>,
    /// Where each open file is read and written next, by descriptor.
    offsets: BTreeMap<u64, usize>,
    changes: Vec<Change>,
}

/// One call that came back without an error.
struct Call<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    result: &'a str,
    /// How many changes there were when it began.
    began: usize,
    position: u64,
}

/// The files of a folder with their numbers; [`read`] goes on after them.
pub fn files_of(folder: &Path) -> BTreeMap<PathBuf, FileNumber> {
    let mut found = BTreeSet::new();
    walk(folder, Path::new(""), &mut found, &mut BTreeSet::new());
    found.into_iter().zip(0..).collect()
}

fn walk(root: &Path, at: &Path, files: &mut BTreeSet<PathBuf>, folders: &mut BTreeSet<PathBuf>) {
    folders.insert(at.into());
    for entry in fs::read_dir(root.join(at)).expect("a folder can be listed").flatten() {
        let path = at.join(entry.file_name());
        let kind = entry.file_type().expect("a file has a type");
        if kind.is_dir() {
            walk(root, &path, files, folders);
        } else if kind.is_file() {
            files.insert(path);
        }
    }
}

/// Reads the log of a program that ran on `folder`, of which `before` is a copy from before.
pub fn read(log: &Path, folder: &Path, before: &Path) -> Vec<Change> {
    let text = fs::read_to_string(log).expect("strace writes text");
    let (files, mut folders) = (files_of(before), BTreeSet::new());
    walk(before, Path::new(""), &mut BTreeSet::new(), &mut folders);
    let contents =
        files.keys().map(|path| fs::read(before.join(path)).expect("a file can be read")).collect();
    let mut reader =
        Reader { folder, files, folders, contents, offsets: BTreeMap::new(), changes: Vec::new() };
    let (mut position, mut begun) = (0, BTreeMap::new());
    for line in text.lines() {
        position += line.len() as u64 + 1;
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let (whole, began) = if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (start, reader.changes.len()));
            continue;
        } else if rest.starts_with("<... ") {
            let (start, began) = begun.remove(process).expect("what is resumed was begun");
            let end = rest.split_once("resumed>").expect("a call is resumed").1;
            (format!("{start}{end}"), began)
        } else {
            (rest.into(), reader.changes.len())
        };
        let Some((name, rest)) = whole.split_once('(') else { continue };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { continue };
        let arguments = arguments.trim_end().trim_end_matches(')');
        if !result.starts_with('-') && !result.starts_with('?') {
            let arguments = arguments.split(", ").collect();
            reader.call(&Call { name, arguments, result, began, position });
        }
    }
    reader.changes
}

/// The bytes of `\x68\x69`.
fn unescaped(text: &str) -> Vec<u8> {
    let byte = |pair: &str| u8::from_str_radix(pair, 16).expect("strace writes hexadecimal");
    text.split("\\x").skip(1).map(byte).collect()
}

impl Call<'_> {
    fn number(&self, nth: usize) -> usize {
        self.arguments[nth].parse().expect("an argument is a number")
    }

    /// How many bytes it carried.
    fn carried(&self) -> usize {
        self.result.parse().expect("the result is a number")
    }

    fn string(&self, nth: usize) -> Vec<u8> {
        let inside = self.arguments[nth].strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        unescaped(inside.expect("an argument is a whole string"))
    }

    fn path(&self, nth: usize) -> PathBuf {
        PathBuf::from(String::from_utf8(self.string(nth)).expect("a path is text"))
    }
}

/// The descriptor of `7<\x2f...>`, and its path.
fn descriptor(text: &str) -> (Option<u64>, PathBuf) {
    let (number, rest) = text.split_once('<').unwrap_or((text, ""));
    let path = unescaped(rest.split('>').next().unwrap_or_default());
    let is_deleted = rest.ends_with("(deleted)");
    let path =
        if is_deleted { PathBuf::new() } else { PathBuf::from(String::from_utf8_lossy(&path).as_ref()) };
    (number.parse().ok(), path)
}

impl Reader<'_> {
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(self.folder).ok().map(Path::to_path_buf)
    }

    /// The number of an open file of the folder.
    fn open_file(&self, argument: &str) -> Option<FileNumber> {
        let path = self.inside(&descriptor(argument).1)?;
        let is_shared_memory = path.to_string_lossy().ends_with("-shm");
        self.files.get(&path).copied().filter(|_| !is_shared_memory)
    }

    fn add(&mut self, call: &Call<'_>, what: What) {
        self.changes.push(Change { what, position: call.position });
    }

    fn call(&mut self, call: &Call<'_>) {
        match call.name {
            "openat" => self.open(call),
            "read" => drop(self.advance(call.arguments[0], call.carried())),
            "lseek" => {
                let descriptor = descriptor(call.arguments[0]).0.expect("a descriptor is a number");
                self.offsets.insert(descriptor, call.carried());
            }
            "write" => {
                let at = self.advance(call.arguments[0], call.carried());
                self.write(call, 0, at, |call| call.string(1));
            }
            "pwrite64" => self.write(call, 0, call.number(3), |call| call.string(1)),
            "copy_file_range" => self.copy(call, 0, 2),
            "sendfile" => self.copy(call, 1, 0),
            "ftruncate" => {
                if let Some(file) = self.open_file(call.arguments[0]) {
                    let length = call.number(1);
                    self.contents[file].resize(length, 0);
                    self.add(call, What::SetLength { file, length });
                }
            }
            "fsync" | "fdatasync" => {
                if let Some(file) = self.open_file(call.arguments[0]) {
                    self.add(call, What::Sync { file, first: call.began });
                } else if let Some(path) = self.inside(&descriptor(call.arguments[0]).1)
                    && self.folders.contains(&path)
                {
                    self.add(call, What::SyncFolder { path, first: call.began });
                }
            }
            "rename" => self.rename(call),
            "unlink" => self.remove(call, &call.path(0)),
            "unlinkat" => {
                let path = descriptor(call.arguments[0]).1.join(call.path(1));
                self.remove(call, &path);
            }
            "mkdir" => {
                if let Some(path) = self.inside(&call.path(0)) {
                    self.folders.insert(path.clone());
                    self.add(call, What::MakeFolder { path });
                }
            }
            name => {
                let folder = self.folder.as_os_str().as_encoded_bytes();
                let folder: String = folder.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                let is_inside = call.arguments.iter().any(|argument| argument.contains(&folder));
                assert!(!is_inside, "{name} changes files and is not modelled");
            }
        }
    }

    /// Where a descriptor is read or written now; it moves on by `bytes`.
    fn advance(&mut self, argument: &str, bytes: usize) -> usize {
        let offset = descriptor(argument).0.map(|descriptor| self.offsets.entry(descriptor).or_default());
        offset.map_or(0, |offset| std::mem::replace(offset, *offset + bytes))
    }

    fn open(&mut self, call: &Call<'_>) {
        let (opened, flags) = (descriptor(call.result), call.arguments[2]);
        self.offsets.insert(opened.0.expect("a descriptor is a number"), 0);
        let Some(path) = self.inside(&opened.1) else { return };
        assert!(!flags.contains("O_APPEND"), "a file that is appended to is not modelled");
        match self.files.get(&path).copied() {
            None if flags.contains("O_CREAT") => {
                let file = self.contents.len();
                self.contents.push(Vec::new());
                self.files.insert(path.clone(), file);
                self.add(call, What::Make { path, file });
            }
            Some(file) if flags.contains("O_TRUNC") => {
                self.contents[file].clear();
                self.add(call, What::SetLength { file, length: 0 });
            }
            _ => {}
        }
    }

    fn write(&mut self, call: &Call<'_>, to: usize, at: usize, bytes: impl Fn(&Call<'_>) -> Vec<u8>) {
        let Some(file) = self.open_file(call.arguments[to]) else { return };
        let mut bytes = bytes(call);
        assert!(bytes.len() >= call.carried(), "a write is recorded whole");
        bytes.truncate(call.carried());
        put(&mut self.contents[file], at, &bytes);
        self.add(call, What::Write { file, at, bytes });
    }

    /// The kernel copies from one file to another.
    fn copy(&mut self, call: &Call<'_>, from: usize, to: usize) {
        let read_at = self.advance(call.arguments[from], call.carried());
        let at = self.advance(call.arguments[to], call.carried());
        let source = match self.open_file(call.arguments[from]) {
            Some(file) => self.contents[file].clone(),
            None => fs::read(descriptor(call.arguments[from]).1).unwrap_or_default(), // a stick's
        };
        self.write(call, to, at, |call| source[read_at..read_at + call.carried()].to_vec());
    }

    fn rename(&mut self, call: &Call<'_>) {
        let (Some(from), Some(to)) = (self.inside(&call.path(0)), self.inside(&call.path(1))) else { return };
        let file = self.files.remove(&from).expect("only files are renamed");
        self.files.insert(to.clone(), file);
        self.add(call, What::Rename { file, from, to });
    }

    fn remove(&mut self, call: &Call<'_>, path: &Path) {
        let Some(path) = self.inside(path) else { return };
        self.files.remove(&path);
        self.folders.remove(&path);
        self.add(call, What::Remove { path });
    }
}

/// Writes into the contents of a file.
pub fn put(contents: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    contents.resize(contents.len().max(at + bytes.len()), 0);
    contents[at..at + bytes.len()].copy_from_slice(bytes);
}
