//! Journeys through all functions.
