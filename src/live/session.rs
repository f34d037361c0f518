//! Knows who is signed in, and says once when nobody is any more.
