//! Decides what a page shows without a DOM: queries, sorting, filtering, windows, forms.
