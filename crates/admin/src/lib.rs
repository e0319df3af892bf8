//! Administers: actions, API handlers, pages.
