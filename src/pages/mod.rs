//! Holds the pages, one folder an area.
