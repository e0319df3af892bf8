//! Speaks the Model Context Protocol; knows no policy.
