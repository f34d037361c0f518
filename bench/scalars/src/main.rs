//! Writes log directories, reads them, and does the bench's work natively; prints CPU seconds or milliseconds as JSON.

use flowdeck_bench_scalars::Bench;
use flowdeck_scalars::{EventReader, EventWriter, Store};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts what is in use, and the most that was.
struct Counted;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", kind, folder] => make(kind, Path::new(folder)),
        ["read", folder, runs] => read(Path::new(folder), runs.parse()?),
        ["work", which, runs, ref windows @ ..] => work(which.parse()?, runs.parse()?, windows),
        _ => Err("make KIND FOLDER | read FOLDER RUNS | work WHICH RUNS FROM TO …".into()),
    }
}

fn make(kind: &str, folder: &Path) -> Result<(), Failed> {
    let (runs, tags, steps, other) = match kind {
        "one" => (1, 1, 1_000_000, false),
        "twentieth" => (1, 1, 50_000, false),
        "many" => (50, 20, 1_000, false),
        "mixed" => (4, 8, 125_000, true),
        _ => return Err("one, twentieth, many or mixed".into()),
    };
    for run in 0..runs {
        let path = folder.join(format!("run{run:02}"));
        std::fs::create_dir_all(&path)?;
        let mut to = std::io::BufWriter::new(std::fs::File::create(
            path.join("events.out.tfevents.1700000000.bench"),
        )?);
        let mut file = EventWriter::new(1.7e9);
        for step in 0..steps {
            let wall = 1.7e9 + step as f64;
            for tag in 0..tags {
                let name = if tags == 1 {
                    "train/loss".to_owned()
                } else {
                    format!("group{}/tag{tag:02}", tag % 4)
                };
                file.scalar(wall, step, &name, ((step * 7 + tag) as f32 * 0.01).sin());
            }
            if other && step % 64 == 0 {
                // As large as a picture or a histogram of weights: what the reader has to step over.
                file.record(&picture(wall, step, 104_000));
            }
            to.write_all(&file.take())?;
        }
        to.flush()?;
    }
    Ok(())
}

/// An event with an image of that many bytes.
fn picture(wall: f64, step: i64, bytes: usize) -> Vec<u8> {
    let field = |number: u8, held: Vec<u8>| {
        let mut all = vec![number << 3 | 2];
        let mut length = held.len();
        while length >= 0x80 {
            all.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        all.push(length as u8);
        all.extend(held);
        all
    };
    let image = field(
        4,
        field(4, (0..bytes).map(|at| (at * 31 + step as usize) as u8).collect()),
    );
    let value = [field(1, b"pictures/0".to_vec()), image].concat();
    let mut event = vec![0x09];
    event.extend(wall.to_le_bytes());
    event.extend(field(5, field(1, value)));
    event
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?
        } else {
            found.push(path)
        }
    }
    found.sort();
    Ok(())
}

fn read(folder: &Path, runs: usize) -> Result<(), Failed> {
    let mut paths = Vec::new();
    files(folder, &mut paths)?;
    let (mut times, mut piece, mut bytes) = (Vec::new(), vec![0; 1 << 18], 0);
    let (mut points, mut beside) = (0, 0);
    for _ in 0..runs {
        let mut store = Store::default();
        let before = NOW.load(Relaxed);
        MOST.store(before, Relaxed);
        let began = cpu_secs()?;
        bytes = 0;
        for path in &paths {
            let run = store.run_mut(&path.parent().unwrap_or(folder).to_string_lossy());
            let (mut file, mut reader) = (std::fs::File::open(path)?, EventReader::default());
            loop {
                let count = file.read(&mut piece)?;
                if count == 0 {
                    break;
                }
                bytes += count;
                reader.push(&piece[..count], run);
            }
            if reader.problems().count() > 0 || reader.pending() > 0 {
                return Err("a file is damaged".into());
            }
        }
        times.push(cpu_secs()? - began);
        points = store.points();
        // What was needed at most beside the columns as they are in the end.
        beside = MOST.load(Relaxed) - NOW.load(Relaxed);
    }
    let columns = NOW.load(Relaxed);
    writeln!(
        std::io::stdout(),
        "{{\"secs\":{times:?},\"bytes\":{bytes},\"points\":{points},\"beside\":{beside},\"now\":{columns}}}"
    )?;
    Ok(())
}

/// The CPU time of this thread alone, in seconds, as Linux counts it: others may want the machine, too.
fn cpu_secs() -> Result<f64, Failed> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().ok_or("no schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// Reads a million `f32` from standard input and times a piece of work, for each window, in milliseconds.
fn work(which: u32, runs: usize, windows: &[&str]) -> Result<(), Failed> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let values: Vec<f32> = input.as_chunks().0.iter().map(|one| f32::from_le_bytes(*one)).collect();
    let mut bench = Bench::default();
    bench.load(&values);
    let windows: Vec<f64> = windows.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    // The scheduler counts in ticks: what is short is done again until it takes a while.
    let repeat = match which {
        0 | 1 => 400 / (windows.len() / 2),
        4 => 200,
        _ => 20_usize.div_ceil(windows.len() / 2),
    };
    let (mut times, mut sum) = (Vec::new(), 0.0);
    for _ in 0..runs {
        let began = cpu_secs()?;
        for _ in 0..repeat {
            for pair in windows.as_chunks::<2>().0 {
                sum += bench.work(which, pair[0], pair[1]);
            }
        }
        times.push((cpu_secs()? - began) * 1000.0 / (windows.len() / 2 * repeat) as f64);
    }
    writeln!(std::io::stdout(), "{{\"ms\":{times:?},\"sum\":{sum}}}")?;
    Ok(())
}
