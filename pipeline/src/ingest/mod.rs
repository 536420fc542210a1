//! From files to the ledger, and from the ledger to the book.

pub mod load;
