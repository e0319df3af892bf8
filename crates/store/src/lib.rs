//! Remembers: counters, journal, audit, configuration.
