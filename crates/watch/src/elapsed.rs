//! Makes a time that only goes forward out of a wall clock that may be set back.

/// Milliseconds passed, counted from the first time it was told.
///
/// A wall clock is wanted, because it goes on while the machine sleeps; but it can be set back (by hand, by NTP), and
/// then every deadline would lie hours ahead. So only steps forward count. Test: `t22_…`.
#[derive(Clone, Debug, Default)]
pub struct Elapsed {
    wall_ms: Option<f64>,
    passed_ms: u64,
}

impl Elapsed {
    /// Takes the wall clock's time in ms and returns how many ms have passed.
    pub fn at(&mut self, wall_ms: f64) -> u64 {
        let step = self.wall_ms.map_or(0.0, |last| wall_ms - last);
        if step > 0.0 {
            // Fractions are left for the next time, or many small steps would add up to nothing.
            let whole = step.floor();
            self.passed_ms += whole as u64;
            self.wall_ms = self.wall_ms.map(|last| last + whole);
        } else {
            self.wall_ms = Some(wall_ms);
        }
        self.passed_ms
    }
}
