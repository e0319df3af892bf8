//! Decides: pure policy language, loader, binder and evaluator.
