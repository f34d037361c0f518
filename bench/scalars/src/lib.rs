//! One series and one reader in a Wasm module's memory, for the bench in Node.

use flowdeck_scalars::{
    Columns, EventReader, EventWriter, Line, Scale, Series, Smoothing, Spread, Store, XAxis, domain, nearest, smooth,
};
use std::cell::RefCell;
use std::hint::black_box;

/// What the calls work on.
#[derive(Default)]
pub struct Bench {
    input: Vec<u8>,
    store: Store,
    reader: EventReader,
    x: Vec<f64>,
    y: Vec<f64>,
    line: Line,
}

impl Bench {
    /// A series of these values at steps from 0 on.
    pub fn load(&mut self, values: &[f32]) {
        *self = Self::default();
        let mut file = EventWriter::default();
        for (step, value) in values.iter().enumerate() {
            file.scalar(step as f64, step as i64, "t", *value);
        }
        self.reader.push(file.bytes(), self.store.run_mut("r"));
        self.store.settle();
        self.line = self.series().line(XAxis::Step);
        self.x = self.line.x().to_vec();
        self.y = self.series().values().collect();
    }

    fn series(&self) -> &Series {
        self.store
            .run("r")
            .and_then(|run| run.series("t"))
            .expect("it is loaded")
    }

    /// One piece of work by its number; what it found, so that nothing is left out.
    pub fn work(&self, which: u32, from: f64, to: f64) -> f64 {
        const PIXELS: usize = 1200;
        match which {
            0 => self.series().window(from..to, PIXELS).x.len() as f64,
            1 => self.series().window_scanned(from..to, PIXELS).x.len() as f64,
            2 => black_box(smooth(Smoothing::Classic { weight: 0.6 }, &self.x, &self.y)).len() as f64,
            3 => domain(self.line.points(), Scale::Linear, Scale::Linear, true)
                .y
                .map_or(0.0, |y| y.1 - y.0),
            4 => nearest(&self.x, from).unwrap_or_default() as f64,
            5 => self.line.window(from..to, PIXELS, Spread::Linear).x.len() as f64,
            6 => sum(&self.series().window(from..to, PIXELS)) + sum(&self.series().window_scanned(from..to, PIXELS)),
            _ => f64::NAN,
        }
    }
}

/// One number of all columns, to compare Wasm's with the native ones.
fn sum(columns: &Columns) -> f64 {
    let values = [&columns.first, &columns.min, &columns.max, &columns.last];
    let mut all = 0.0;
    for (at, value) in values.into_iter().flatten().enumerate() {
        all += (at % 97 + 1) as f64 * value;
    }
    all
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::default();
}

/// Room for input; where it is.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    BENCH.with_borrow_mut(|bench| {
        bench.input = vec![0; bytes];
        bench.input.as_mut_ptr()
    })
}

/// Begins anew to read files.
#[unsafe(no_mangle)]
pub extern "C" fn begin() {
    BENCH.with_borrow_mut(|bench| {
        bench.store = Store::default();
        bench.reader = EventReader::default();
    });
}

/// Begins another file.
#[unsafe(no_mangle)]
pub extern "C" fn file() {
    BENCH.with_borrow_mut(|bench| bench.reader = EventReader::default());
}

/// Reads the first bytes of the input as the next piece of a file of a run.
#[unsafe(no_mangle)]
pub extern "C" fn push(bytes: usize, run: u32) {
    BENCH.with_borrow_mut(|bench| {
        let Bench {
            input, store, reader, ..
        } = bench;
        reader.push(&input[..bytes], store.run_mut(&run.to_string()));
    });
}

/// How many points there are.
#[unsafe(no_mangle)]
pub extern "C" fn points() -> f64 {
    BENCH.with_borrow(|bench| bench.store.points() as f64)
}

/// Makes the series of the `f32` in the input.
#[unsafe(no_mangle)]
pub extern "C" fn load() {
    BENCH.with_borrow_mut(|bench| {
        let values: Vec<f32> = bench
            .input
            .as_chunks()
            .0
            .iter()
            .map(|one| f32::from_le_bytes(*one))
            .collect();
        bench.load(&values);
    });
}

/// Does a piece of work.
#[unsafe(no_mangle)]
pub extern "C" fn work(which: u32, from: f64, to: f64) -> f64 {
    BENCH.with_borrow(|bench| bench.work(which, from, to))
}
