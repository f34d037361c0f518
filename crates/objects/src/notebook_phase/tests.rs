//! Tests the phase: one small case a rule.
