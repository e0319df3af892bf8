//! Dev only: fake upstreams and clients, builders, tidy tests.
