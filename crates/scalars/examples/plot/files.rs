//! Finds the event files of a log directory and reads them.

use flowdeck_scalars::{EventReader, Store};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How much of a file is read at once, in bytes.
const PIECE: usize = 1 << 18;

/// Reads all event files into `store`, those of a run in the order of their names; the readers with the files' paths.
pub(crate) fn read(logdir: &Path, store: &mut Store) -> std::io::Result<Vec<(PathBuf, EventReader)>> {
    let mut files = Vec::new();
    walk(logdir, &mut files)?;
    files.sort();
    let mut readers = Vec::new();
    let mut piece = vec![0; PIECE];
    for path in files {
        let run = path
            .parent()
            .and_then(|folder| folder.strip_prefix(logdir).ok())
            .unwrap_or(Path::new(""));
        // TensorBoard calls the run of the log directory itself ".".
        let run = if run.as_os_str().is_empty() {
            Path::new(".")
        } else {
            run
        };
        let run = store.run_mut(&run.to_string_lossy());
        let (mut file, mut reader) = (std::fs::File::open(&path)?, EventReader::default());
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                break;
            }
            reader.push(&piece[..count], run);
        }
        readers.push((path, reader));
    }
    store.settle();
    Ok(readers)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("tfevents"))
        {
            files.push(path);
        }
    }
    Ok(())
}
