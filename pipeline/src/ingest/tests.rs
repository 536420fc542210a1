//! Whole ingests, from files to the index.
