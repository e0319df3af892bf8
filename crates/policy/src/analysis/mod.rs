//! Answers about all calls at once: what documents allow, what they can never allow, and where two of them differ.
//! Claims nothing that is not proved, and shows no example that the evaluator did not judge.

#[expect(dead_code, reason = "what asks it is built on it next")]
pub(crate) mod text;
