#!/usr/bin/env bash
# cargo's RUSTC_WRAPPER: builds our crates, and the parsers that they stand on, so that libFuzzer sees which
# branches an input takes. It reads every counter after each input: those of TLS and HTTP clients, which no
# input reaches, would only slow it down.
#
# The flags are those of `cargo fuzz`, which are stable; without a sanitizer of memory nothing needs nightly.
set -euo pipefail

seen=" domain providers fuzz serde serde_core serde_json serde_path_to_error jiff rust_decimal url \
    form_urlencoded idna data_encoding iso_currency http webpki rustls_pki_types "

name=
for ((i = 1; i < $#; i++)); do
    if [[ "${!i}" == --crate-name ]]; then
        next=$((i + 1))
        name=${!next}
    fi
done

if [[ -n "$name" && "$seen" == *" $name "* ]]; then
    exec "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0
fi
exec "$@"
