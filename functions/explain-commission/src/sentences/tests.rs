//! Whole explanations, sentence by sentence.
