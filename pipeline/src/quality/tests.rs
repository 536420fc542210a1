//! Rules and thresholds, one small ledger each.
