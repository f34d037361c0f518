//! Holds the rules of the house as tests, and does what the Makefile cannot say in three lines.
