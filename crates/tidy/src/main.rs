//! Runs a chore of the house by its name.

fn main() {}
